"""A large table gets a column and an index while it is read and written; nobody gets an error."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import asyncpg
import pytest
from service_kit import migrations
from service_kit.testing import MakeDatabase, eventually

ROWS: Final = int(os.environ.get("PINSTACK_MIGRATION_ROWS") or 50_000)
WORKERS: Final = 4
DEADLINE_SECONDS: Final = 2.0
"""What a call of one service to another has (`GRPC_DEADLINE_SECONDS`); longer is an error."""
ENTRY: Final = "from service_kit.migrations import run_migrations\n\nrun_migrations()\n"
COLUMN: Final = """
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("ALTER TABLE large ADD COLUMN mood text NOT NULL DEFAULT 'calm'")


def downgrade() -> None:
    op.execute("ALTER TABLE large DROP COLUMN mood")
"""
INDEX: Final = """
from alembic import op
from service_kit.migrations import build_index

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    build_index("large_mood", "ON large (mood, id)")


def downgrade() -> None:
    op.execute("DROP INDEX large_mood")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Migrations as a service has them."""
    (tmp_path / "versions").mkdir()
    (tmp_path / "env.py").write_text(ENTRY)
    (tmp_path / "versions" / "0001_column.py").write_text(COLUMN)
    (tmp_path / "versions" / "0002_index.py").write_text(INDEX)
    return tmp_path


@pytest.fixture
async def large_url(make_database: MakeDatabase) -> str:
    """A database with a table of many rows."""
    url = make_database(None)
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE large (id bigint PRIMARY KEY, body text, seen bigint)")
    await connection.execute(
        "INSERT INTO large SELECT n, md5(n::text), 0 FROM generate_series(1, $1::bigint) n",
        ROWS,
        timeout=100,
    )
    await connection.close()
    return url


async def test_a_column_and_an_index_of_a_large_table_disturb_nobody(
    large_url: str, folder: Path
) -> None:
    async with used(large_url) as waits:
        await eventually(lambda: len(waits) >= 100)
        before = len(waits)
        steps = await asyncio.to_thread(migrations.upgrade, large_url, folder)
        during = waits[before:]
        await eventually(lambda: len(waits) >= before + len(during) + 100)
    assert steps == ("up 0001", "up 0002")
    print(f"{ROWS} rows: {len(during)} statements meanwhile, longest {max(during):.3f} s")
    assert await is_valid(large_url, "large_mood")


async def test_an_index_whose_building_was_interrupted_is_built_again(
    large_url: str, folder: Path
) -> None:
    migrations.upgrade(large_url, folder, "0001")
    connection = await asyncpg.connect(large_url)
    await connection.execute("CREATE INDEX large_mood ON large (mood, id)")
    invalid = "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'large_mood'::regclass"
    await connection.execute(invalid)
    await connection.close()
    assert await asyncio.to_thread(migrations.upgrade, large_url, folder) == ("up 0002",)
    assert await is_valid(large_url, "large_mood")


@asynccontextmanager
async def used(url: str) -> AsyncIterator[list[float]]:
    """Reads and writes of random rows while the block runs: how long each took, in seconds.

    A statement that takes longer than a call may, or fails, ends the block with its error.
    """
    waits: list[float] = []
    over = asyncio.Event()
    options = {"statement_timeout": f"{int(DEADLINE_SECONDS * 1000)}"}
    async with (
        asyncpg.create_pool(
            url, min_size=WORKERS, max_size=WORKERS, server_settings=options
        ) as pool,
        asyncio.TaskGroup() as group,
    ):
        for number in range(WORKERS):
            group.create_task(_use(pool, number, waits, over))
        try:
            yield waits
        finally:
            over.set()


async def _use(
    pool: "asyncpg.Pool[asyncpg.Record]", number: int, waits: list[float], over: asyncio.Event
) -> None:
    step = number
    while not over.is_set():
        step += 7919  # a prime: every row in turn, in no order
        began = time.monotonic()
        row = step % ROWS + 1
        if step % 2:
            await pool.execute("UPDATE large SET seen = seen + 1 WHERE id = $1", row)
        else:
            await pool.fetchrow("SELECT id, body FROM large WHERE id = $1", row)
        waits.append(time.monotonic() - began)


async def is_valid(url: str, index: str) -> bool:
    """Whether queries use the index."""
    connection = await asyncpg.connect(url)
    try:
        sql = "SELECT indisvalid FROM pg_index WHERE indexrelid = $1::regclass"
        return bool(await connection.fetchval(sql, index))
    finally:
        await connection.close()
