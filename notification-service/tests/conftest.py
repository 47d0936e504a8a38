"""Fixtures of all tests: real servers, and a database with this service's tables."""

from pathlib import Path

import pytest
from service_kit.testing import MakeDatabase

pytest_plugins = ["service_kit.testing"]

MIGRATIONS = Path(__file__).parents[1] / "migrations"


@pytest.fixture(scope="module")
def database_url(make_database: MakeDatabase) -> str:
    """A database of this test file alone, migrated."""
    return make_database(MIGRATIONS)
