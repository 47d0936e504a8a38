"""The images: one template, and nothing in the last stage that a service does not need."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from pinstack_local.catalogue import SERVICES, ServiceSpec

ROOT = Path(__file__).resolve().parents[2]
every_service = pytest.mark.parametrize("spec", SERVICES, ids=lambda spec: spec.name)


def test_every_dockerfile_is_the_template_with_the_names_of_its_service() -> None:
    command = [sys.executable, str(ROOT / ".ci" / "dockerfiles.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout


@every_service
def test_an_image_has_its_own_ports_and_nobody_elses(spec: ServiceSpec) -> None:
    text = dockerfile(spec)
    assert f"EXPOSE {spec.port} {spec.admin_port}" in text
    assert f'"service_kit.probe", "{spec.admin_port_variable}"' in text
    assert f'ENTRYPOINT ["python", "-m", "{spec.command[-1]}"]' in text


@every_service
def test_the_last_stage_is_not_root_and_has_no_build_tools(spec: ServiceSpec) -> None:
    last = dockerfile(spec).rpartition("\nFROM ")[2]
    assert "\nUSER 65532:65532\n" in last
    assert "HEALTHCHECK" in last
    assert "pip uninstall --yes" in last
    assert not re.search(r"\b(apt-get|uv |pip install|curl|gcc)\b", last)


@every_service
def test_what_an_image_copies_is_sent_to_the_engine(spec: ServiceSpec) -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    copied = re.findall(r"^COPY (?!--from)(\S+)", dockerfile(spec), re.MULTILINE)
    assert copied == ["constraints.txt", "proto-definitions", "service-kit", spec.name]
    assert not [name for name in copied if f"!{name}" not in ignored]


@every_service
def test_both_stages_stand_on_the_same_pinned_base(spec: ServiceSpec) -> None:
    first, last = re.findall(r"^FROM (\S+)", dockerfile(spec), re.MULTILINE)
    assert first == last
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+", first)


def dockerfile(spec: ServiceSpec) -> str:
    return (ROOT / spec.name / "Dockerfile").read_text()
