"""How PostgreSQL goes about what an adapter asks: which tables it reads from end to end."""

import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from service_kit.config import PostgresSettings
from service_kit.database import Database, open_database

_BOUNDED_ROWS: Final = 25_000
"""What may be read to count up to 10,000 (pages.EXACT_TOTAL) where most rows are counted."""


class ExplainedDatabase(Database):
    """A database that explains each statement before it is run.

    `scanned` maps the names of statements to the tables that their plans read sequentially.
    """

    def __init__(self, database: Database) -> None:
        super().__init__(database.pool, "test", 5.0)
        self.scanned: dict[str, set[str]] = {}

    async def timed(self, query: str, run: Callable[..., Any], sql: str, *arguments: object) -> Any:
        """As the database does, and look at the plan."""
        async with self.connection() as connection:
            plan = await connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", *arguments)
        tables = self.scanned.setdefault(query, set())
        tables.update(_read_sequentially(json.loads(plan)[0]["Plan"]))
        return await super().timed(query, run, sql, *arguments)

    def assert_indexed(self, *small: str) -> None:
        """Fail where a plan reads a table from end to end; `small` ones may be."""
        found = {name: tables - set(small) for name, tables in self.scanned.items()}
        assert found, "no statement was explained"  # noqa: S101
        assert not any(found.values()), found  # noqa: S101


@asynccontextmanager
async def explained(url: str, *statements: str) -> AsyncIterator[ExplainedDatabase]:
    """The database while the block runs, after statements that fill it, analyzed."""
    settings = PostgresSettings(statement_timeout_seconds=60)
    async with open_database(url, settings, "test") as database:
        async with database.connection() as connection:
            for statement in (*statements, "ANALYZE"):
                await connection.execute(statement)
        yield ExplainedDatabase(database)


def _read_sequentially(node: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """Tables read sequentially, but for a part that a limit ends early."""
    if node["Node Type"] == "Seq Scan":
        read = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
        if above != "Limit" or read > _BOUNDED_ROWS:
            yield node["Relation Name"]
    for child in node.get("Plans", ()):
        yield from _read_sequentially(child, node["Node Type"])
