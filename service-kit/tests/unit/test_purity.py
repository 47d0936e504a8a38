"""The purity test finds what it is there to find."""

from pathlib import Path

import pytest
from service_kit.testing import assert_pure


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A service of two clean rings."""
    root = tmp_path / "some_service"
    for ring in ("domain", "application"):
        (root / ring).mkdir(parents=True)
        (root / ring / "__init__.py").touch()
    (root / "__init__.py").touch()
    (root / "domain" / "models.py").write_text("import datetime\nfrom service_kit.errors import X")
    (root / "application" / "use_cases.py").write_text("from some_service.domain import models")
    monkeypatch.syspath_prepend(tmp_path)
    return root


def test_clean_rings_pass(package: Path) -> None:
    assert_pure("some_service")


@pytest.mark.parametrize(
    ("ring", "line"),
    [
        ("domain", "import grpc"),
        ("domain", "from service_kit import logs"),
        ("domain", "from service_kit.errors_of_others import X"),
        ("domain", "from some_service.application import use_cases"),
        ("domain", "from some_service import domain, config"),
        ("domain", "from . import models"),
        ("application", "import asyncpg.pool"),
        ("application", "from some_service.adapters.postgres import PostgresUsers"),
        ("application", "def f():\n    import redis"),
    ],
)
def test_a_foreign_import_fails_with_its_place(package: Path, ring: str, line: str) -> None:
    (package / ring / "stray.py").write_text(line)
    with pytest.raises(AssertionError, match=r"stray\.py:[12]: "):
        assert_pure("some_service")


def test_more_can_be_allowed(package: Path) -> None:
    (package / "domain" / "ids.py").write_text("from service_kit.uuid7 import uuid7")
    assert_pure("some_service", allowed={"service_kit.errors", "service_kit.uuid7"})


def test_a_ring_that_is_missing_is_no_success(package: Path) -> None:
    with pytest.raises(ValueError, match="no ring 'ports'"):
        assert_pure("some_service", rings=("ports",))
