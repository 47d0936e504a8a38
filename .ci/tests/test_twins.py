"""The services are twins: same file names, same make targets, same Dockerfile but for the name."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SERVICES = {
    "user-service": ("user_service", "USER"),
    "auth-service": ("auth_service", "AUTH"),
    "post-service": ("post_service", "POST"),
    "relation-service": ("relation_service", "RELATION"),
    "notification-service": ("notification_service", "NOTIFICATION"),
}
EVERYWHERE = (
    "Dockerfile",
    "Makefile",
    "README.md",
    "pyproject.toml",
    "migrations/env.py",
    "src/{package}/__init__.py",
    "src/{package}/__main__.py",
    "src/{package}/py.typed",
    "src/{package}/config.py",
    "src/{package}/main.py",
    "src/{package}/domain/errors.py",
    "src/{package}/domain/models.py",
    "src/{package}/domain/events.py",
    "src/{package}/application/ports.py",
    "src/{package}/application/use_cases.py",
    "src/{package}/adapters/grpc_servicer.py",
    "src/{package}/adapters/postgres",
    "tests/conftest.py",
    "tests/builders.py",
    "tests/fakes.py",
    "tests/unit/test_purity.py",
)
RING = {"domain", "application", "adapters"}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_the_files_that_every_service_has(service: str) -> None:
    package, _ = SERVICES[service]
    missing = [
        name
        for pattern in EVERYWHERE
        if not exists(ROOT / service / (name := pattern.format(package=package)))
    ]
    assert not missing, f"{service} lacks {missing}: the twins have drifted apart"


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("name", ["Makefile", "migrations/env.py", "src/{package}/__main__.py"])
def test_a_twin_differs_from_user_service_in_its_name_alone(service: str, name: str) -> None:
    assert neutral(service, name) == neutral("user-service", name)


@pytest.mark.parametrize("service", [*SERVICES, "api-gateway"])
def test_the_dependency_rule_is_the_same_in_every_service(service: str) -> None:
    contracts = pyproject(service)["tool"]["importlinter"]["contracts"]
    layers = next(contract for contract in contracts if contract["type"] == "layers")
    assert layers["layers"][-3:] == ["config | adapters", "application", "domain"]
    above = " | ".join(layers["layers"][:-3]).split(" | ")
    assert "__main__" in above, "commands may stand beside it, and above"
    assert "main" in above
    assert layers["exhaustive"] is True
    assert any(contract["type"] == "independence" for contract in contracts)


@pytest.mark.parametrize("service", [*SERVICES, "api-gateway"])
def test_no_service_depends_on_another_one(service: str) -> None:
    dependencies = " ".join(pyproject(service)["project"]["dependencies"])
    others = {f"pinstack-{other}" for other in [*SERVICES, "api-gateway"]}
    assert not [other for other in others if other in dependencies]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_has_the_four_rings_and_nothing_beside_them(service: str) -> None:
    package, _ = SERVICES[service]
    folders = {
        path.name
        for path in (ROOT / service / "src" / package).iterdir()
        if path.is_dir() and path.name != "__pycache__"
    }
    assert folders >= RING
    assert folders - RING <= {"data"}, "code stands in a ring; `data` is for what is no code"


def exists(path: Path) -> bool:
    """Whether there is such a file; a module that has grown may be a package of the same name."""
    return path.exists() or path.with_suffix(".py").exists() or path.with_suffix("").is_dir()


def neutral(service: str, name: str) -> str:
    """A file's text with the service's own names replaced."""
    package, prefix = SERVICES[service]
    text = (ROOT / service / name.format(package=package)).read_text()
    text = text.replace(package, "PACKAGE").replace(service, "SERVICE")
    return re.sub(rf"\b{prefix}\b", "PREFIX", text)


def pyproject(service: str) -> dict[str, Any]:
    """A service's pyproject.toml."""
    return tomllib.loads((ROOT / service / "pyproject.toml").read_text())
