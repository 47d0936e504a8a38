"""infra/compose.yaml: what operations.md asks of it, without an engine."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from pinstack_local.catalogue import SERVICES
from pinstack_proto.topics import TOPICS

ROOT = Path(__file__).resolve().parents[2]
WRAPPER = ROOT / "infra" / "docker" / "compose"
DOMAINS = [spec for spec in SERVICES if spec.database]
PROFILES = {"infrastructure", "light", "full", "monitoring", "elk", "tools"}


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    document = yaml.safe_load((ROOT / "infra" / "compose.yaml").read_text())
    found: dict[str, Any] = document["services"]
    return found


def test_every_container_is_in_a_profile_and_has_limits(services: dict[str, Any]) -> None:
    for name, service in services.items():
        assert set(service["profiles"]) <= PROFILES, name
        assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}, name


def test_every_image_is_pinned_or_built_here(services: dict[str, Any]) -> None:
    for name, service in services.items():
        tag = service["image"].partition(":")[2]
        assert tag == "${PINSTACK_VERSION:-dev}" or re.match(r"v?\d+\.\d+", tag), name


def test_full_has_a_database_server_for_each_service_and_light_one_for_all(
    services: dict[str, Any],
) -> None:
    for spec in DOMAINS:
        server = f"{spec.prefix.lower()}-db"
        assert services[server]["profiles"] == ["full"]
        assert services[server]["environment"]["POSTGRES_DB"] == spec.database
        assert f"@{server}:5432/{spec.database}" in url_of(services, spec.name)
    shared = services["postgres"]["networks"]["default"]["aliases"]
    assert shared == [f"{spec.prefix.lower()}-db" for spec in DOMAINS]


def test_a_service_starts_after_its_migration_and_nothing_waits_by_sleeping(
    services: dict[str, Any],
) -> None:
    for spec in DOMAINS:
        migration = f"{spec.prefix.lower()}-migrate"
        assert services[spec.name]["depends_on"][migration] == {
            "condition": "service_completed_successfully"
        }
        assert services[migration]["environment"].keys() == {spec.database_variable}
        assert spec.database_variable in services[migration]["command"]
    assert "sleep" not in (ROOT / "infra" / "compose.yaml").read_text()


def test_our_containers_cannot_write_gain_rights_or_keep_capabilities(
    services: dict[str, Any],
) -> None:
    for spec in SERVICES:
        ours = services[spec.name]
        assert ours["read_only"] is True
        assert ours["cap_drop"] == ["ALL"]
        assert ours["security_opt"] == ["no-new-privileges:true"]


def test_nothing_but_the_gateway_is_reachable_from_other_machines(
    services: dict[str, Any],
) -> None:
    for name, service in services.items():
        for port in service.get("ports", []):
            assert name == "api-gateway" or port.startswith("127.0.0.1:"), name
    admin = {str(spec.admin_port) for spec in SERVICES}
    published = {
        port.rpartition(":")[2] for one in services.values() for port in one.get("ports", [])
    }
    assert not published & admin


def test_all_topics_are_made(services: dict[str, Any]) -> None:
    assert services["topics"]["command"][1:] == list(TOPICS)


def test_every_secret_is_made_by_the_wrapper_and_everything_else_has_a_default() -> None:
    text = (ROOT / "infra" / "compose.yaml").read_text()
    required = set(re.findall(r"\$\{([A-Z_]+):\?", text))
    optional = set(re.findall(r"\$\{([A-Z_]+):-", text))
    assert required | optional == set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", text))
    made = WRAPPER.read_text().replace(
        "{USER,AUTH,POST,RELATION,NOTIFICATION}_DATABASE_PASSWORD",
        " ".join(f"{spec.prefix}_DATABASE_PASSWORD" for spec in DOMAINS),
    )
    assert not [name for name in required if name not in made]


def test_files_that_containers_mount_are_there() -> None:
    text = (ROOT / "infra" / "compose.yaml").read_text()
    files = re.findall(r"(\./docker/[\w./-]+):", text)
    found = re.findall(r"(\.\./monitoring/[\w./-]+):(\S+?):ro", text)
    assert len(files) >= 3
    assert len(found) >= 9
    for source in files + [source for source, _ in found]:
        assert (ROOT / "infra" / source).exists(), source


def test_a_program_is_told_of_a_configuration_that_is_mounted(services: dict[str, Any]) -> None:
    for name in ("alertmanager", "loki", "tempo", "alloy"):
        (told,) = re.findall(rf"/etc/{name}/([\w.]+)", " ".join(services[name]["command"]))
        assert (ROOT / "monitoring" / name / told).is_file(), told


@pytest.mark.parametrize(
    ("docker", "said"),
    [
        (None, "Docker is not installed"),
        ('[ "$1" = compose ] && exit 1', "no Compose plugin"),
        ('[ "$1" = info ] && exit 1', "no Docker engine answers"),
    ],
)
def test_what_is_missing_is_said_in_one_line_with_3(
    tmp_path: Path, docker: str | None, said: str
) -> None:
    if docker is not None:
        (tmp_path / "docker").write_text(f"#!/bin/sh\n{docker}\nexit 0\n")
        (tmp_path / "docker").chmod(0o755)
    for needed in ("bash", "dirname", "timeout", "sh"):
        (tmp_path / needed).symlink_to(f"/usr/bin/{needed}")
    done = subprocess.run(  # noqa: S603
        [str(WRAPPER), "--profile", "light", "up"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PATH": str(tmp_path)},
    )
    assert done.returncode == 3
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_secrets_are_made_once_and_for_their_owner_alone(tmp_path: Path) -> None:
    (tmp_path / "docker").write_text("#!/bin/sh\nexit 0\n")
    (tmp_path / "docker").chmod(0o755)
    environment = os.environ | {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "PINSTACK_DATA_DIR": str(tmp_path / "data"),
    }
    subprocess.run([str(WRAPPER), "ps"], check=True, env=environment)  # noqa: S603
    made = tmp_path / "data" / "compose.env"
    first = made.read_text()
    assert made.stat().st_mode & 0o777 == 0o600
    assert all(len(line.partition("=")[2]) == 48 for line in first.splitlines())
    subprocess.run([str(WRAPPER), "ps"], check=True, env=environment)  # noqa: S603
    assert made.read_text() == first


def url_of(services: dict[str, Any], name: str) -> str:
    (url,) = (
        value
        for key, value in services[name]["environment"].items()
        if key.endswith("_DATABASE_URL")
    )
    return str(url)
