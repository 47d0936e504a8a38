"""Databases for tests: one a test file, cloned from a template that is migrated once a session."""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest
from pinstack_local.postgres import PostgresServer
from psycopg import sql
from service_kit import migrations
from service_kit.testing.containers import docker_answers

MakeDatabase = Callable[[Path | None], str]
"""Takes a migrations folder (None: no tables), gives the address of a database of its own."""

_IMAGE = "postgres:18-alpine"


@pytest.fixture(scope="session")
def postgres_server_url() -> Iterator[str]:
    """A superuser's address on a PostgreSQL server.

    From PINSTACK_TEST_POSTGRES_URL, else a container where Docker answers, else the local stack's.
    """
    if address := os.environ.get("PINSTACK_TEST_POSTGRES_URL"):
        yield address
    elif docker_answers():
        yield from _containerized()
    else:
        folder = tempfile.TemporaryDirectory(prefix="pinstack-test-")
        with folder as path, PostgresServer(Path(path), durable=False) as server:
            yield server.url()


@pytest.fixture(scope="session")
def make_database(postgres_server_url: str) -> Iterator[MakeDatabase]:
    """Make databases with a service's tables; they are dropped when the session ends.

    A service's conftest has a fixture `database_url` of module scope that calls it.
    """
    templates: dict[Path | None, str] = {}
    made: list[str] = []

    def make(migrations_folder: Path | None) -> str:
        if migrations_folder not in templates:
            templates[migrations_folder] = _create(postgres_server_url, "template0", made)
            if migrations_folder is not None:
                migrations.upgrade(
                    _address(postgres_server_url, templates[migrations_folder]), migrations_folder
                )
        return _address(
            postgres_server_url, _create(postgres_server_url, templates[migrations_folder], made)
        )

    yield make
    for name in made:
        _execute(postgres_server_url, "DROP DATABASE {} WITH (FORCE)", name)


def _create(server: str, template: str, made: list[str]) -> str:
    name = f"test_{uuid4().hex[:16]}"
    _execute(server, "CREATE DATABASE {} TEMPLATE {}", name, template)
    made.append(name)
    return name


def _execute(server: str, statement: str, *names: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _address(server: str, database: str) -> str:
    return urlunsplit(urlsplit(server)._replace(path=f"/{database}"))


def _containerized() -> Iterator[str]:
    from testcontainers.community.postgres import PostgresContainer  # noqa: PLC0415 - only where Docker is

    with PostgresContainer(_IMAGE, driver=None) as server:
        yield server.get_connection_url()
