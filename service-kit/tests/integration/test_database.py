"""The pool against a real PostgreSQL."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from prometheus_client import REGISTRY
from service_kit import pages
from service_kit.config import PostgresSettings
from service_kit.database import (
    BY_INDEX,
    Database,
    DatabaseTooSlow,
    DatabaseUnavailable,
    columns,
    open_database,
    refusals,
)
from service_kit.errors import AlreadyExists

SERVICE = "database-test"


class _Taken(AlreadyExists):
    code = "TAKEN"


@pytest.fixture(scope="module")
async def database(database_url: str) -> AsyncIterator[Database]:
    settings = PostgresSettings(
        pool_min=1, pool_max=2, statement_timeout_seconds=0.5, acquire_timeout_seconds=0.2
    )
    async with open_database(database_url, settings, SERVICE) as opened:
        await opened.fetch("make", "CREATE TABLE things (name text CONSTRAINT one UNIQUE)")
        yield opened


def _transactions(outcome: str) -> float:
    labels = {"service": SERVICE, "outcome": outcome}
    return REGISTRY.get_sample_value("pinstack_db_transactions_total", labels) or 0.0


async def test_a_clean_exit_commits_and_an_exception_rolls_back(database: Database) -> None:
    committed, rolled_back = _transactions("committed"), _transactions("rolled_back")
    async with database.transaction() as connection:
        await connection.execute("INSERT INTO things VALUES ('kept')")
    with pytest.raises(LookupError):
        await _insert_and_fail(database)
    rows = await database.fetch("names", "SELECT name FROM things")
    assert [row["name"] for row in rows] == ["kept"]
    assert _transactions("committed") == committed + 1
    assert _transactions("rolled_back") == rolled_back + 1


async def test_a_transaction_of_one_statement_is_committed_with_it(database: Database) -> None:
    committed, rolled_back = _transactions("committed"), _transactions("rolled_back")
    async with database.transaction(of_one_statement=True) as connection:
        assert not connection.is_in_transaction()
        await connection.execute("INSERT INTO things VALUES ('single')")
        assert await database.fetch("seen", "SELECT FROM things WHERE name = 'single'")
    with pytest.raises(asyncpg.UniqueViolationError):
        async with database.transaction(of_one_statement=True) as connection:
            await connection.execute("INSERT INTO things VALUES ('new'), ('single')")
    assert not await database.fetch("left", "SELECT FROM things WHERE name = 'new'")
    assert _transactions("committed") == committed + 1
    assert _transactions("rolled_back") == rolled_back + 1


async def _insert_and_fail(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute("INSERT INTO things VALUES ('dropped')")
        raise LookupError


async def test_a_violated_constraint_is_the_error_that_it_means(database: Database) -> None:
    sql = "INSERT INTO things VALUES ('twice'), ('twice')"
    with pytest.raises(_Taken), refusals({"one": _Taken}):
        await database.fetch("twice", sql)
    with pytest.raises(asyncpg.UniqueViolationError), refusals({"other": _Taken}):
        await database.fetch("twice", sql)


async def test_a_statement_that_takes_too_long_is_cancelled(database: Database) -> None:
    with pytest.raises(DatabaseTooSlow):
        await database.fetch("sleep", "SELECT pg_sleep(10)")
    await database.ping()


async def test_a_pool_without_a_free_connection_says_so_in_time(database: Database) -> None:
    async with database.connection(), database.connection():
        with pytest.raises(DatabaseUnavailable):
            await database.ping()
    await database.ping()


async def test_a_connection_that_broke_is_unavailable_and_replaced(database: Database) -> None:
    with pytest.raises(DatabaseUnavailable):
        await database.fetch("die", "SELECT pg_terminate_backend(pg_backend_pid())")
    await database.ping()


async def test_a_total_is_exact_while_it_is_small_and_estimated_beyond(
    database: Database,
) -> None:
    async with database.connection() as connection:
        small = await pages.count(connection, "generate_series(1, $1::int) AS n", [10_000])
        large = await pages.count(connection, "generate_series(1, $1::int) AS n", [20_000])
    assert small == pages.Total(10_000)
    assert large.is_estimate
    assert large.value > 10_000


def test_rows_turn_into_columns_also_where_there_are_none() -> None:
    assert columns([(1, "a"), (2, "b")], 2) == ([1, 2], ["a", "b"])
    assert columns([], 2) == ([], [])


def _connections() -> dict[str, float]:
    """The pool as Prometheus would see it now."""
    states = ("used", "idle", "unopened")
    found = {
        state: REGISTRY.get_sample_value(
            "pinstack_db_pool_connections", {"service": SERVICE, "state": state}
        )
        for state in states
    }
    return {state: value for state, value in found.items() if value}


async def test_a_pool_is_counted_while_all_of_it_is_in_use(database: Database) -> None:
    async with database.connection(), database.connection():
        assert _connections() == {"used": 2}
    assert _connections() == {"idle": 2}


async def test_a_connection_keeps_its_session_when_it_goes_back(database_url: str) -> None:
    settings = PostgresSettings(pool_min=1, pool_max=1)
    async with open_database(database_url, settings, SERVICE) as database:
        async with database.connection() as connection:
            await connection.execute("SET application_name = 'kept'")
        rows = await database.fetch("name", "SHOW application_name")
        assert rows[0]["application_name"] == "kept", "a statement undid it: a round trip more"


async def test_work_is_found_by_its_index_though_the_plan_was_made_on_an_empty_table(
    database_url: str,
) -> None:
    async with (
        open_database(database_url, PostgresSettings(), SERVICE, BY_INDEX) as database,
        database.connection() as connection,
    ):
        await connection.execute("CREATE TEMP TABLE work (id int, due int, done bool)")
        await connection.execute("CREATE INDEX work_due ON work (due) WHERE NOT done")
        sql = "EXPLAIN SELECT id FROM work WHERE NOT done AND due < 5 ORDER BY id LIMIT 9"
        plan = "\n".join(row[0] for row in await connection.fetch(sql))
    assert "->  Index Scan using work_due" in plan
