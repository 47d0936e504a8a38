"""Fixtures of all tests: real servers, and a database with the chassis's own tables."""

from pathlib import Path

import pytest
from service_kit.testing import MakeDatabase

pytest_plugins = ["service_kit.testing"]

MIGRATIONS = Path(__file__).parent / "migrations"


@pytest.fixture(scope="module")
def database_url(make_database: MakeDatabase) -> str:
    """A database with an outbox and an inbox, and nothing in them."""
    return make_database(MIGRATIONS)
