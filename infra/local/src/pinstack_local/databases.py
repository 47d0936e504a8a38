"""One role and one database per service, in a server that is running."""

from collections.abc import Mapping
from typing import LiteralString

import psycopg
from psycopg import sql


def ensure(superuser_url: str, passwords: Mapping[str, str]) -> None:
    """Create what is missing: for each name a role with its password that owns a database.

    Nobody but its owner (and the superuser) may connect to a database: a service that tries to
    read another one's tables finds out at once.
    """
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        roles = _names(connection, "SELECT rolname FROM pg_roles")
        databases = _names(connection, "SELECT datname FROM pg_database")
        for name, password in passwords.items():
            if name not in roles:
                _run(connection, "CREATE ROLE {} LOGIN", name)
            _run(connection, "ALTER ROLE {} PASSWORD {}", name, password)
            if name not in databases:
                _run(connection, "CREATE DATABASE {0} OWNER {0}", name)
            _run(connection, "REVOKE ALL ON DATABASE {} FROM PUBLIC", name)


def _names(connection: psycopg.Connection, query: LiteralString) -> set[str]:
    return {row[0] for row in connection.execute(query)}


def _run(
    connection: psycopg.Connection, statement: LiteralString, name: str, password: str = ""
) -> None:
    connection.execute(sql.SQL(statement).format(sql.Identifier(name), sql.Literal(password)))
