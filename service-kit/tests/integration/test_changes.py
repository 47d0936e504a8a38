"""What has changed since a cursor, with a real PostgreSQL."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from service_kit.changes import CURSOR_SECONDS, BadCursor, ChangeLog
from service_kit.config import PostgresSettings
from service_kit.database import Database, open_database
from service_kit.migrations import CHANGES_V1_DOWN, CHANGES_V1_UP

_NOTE = "INSERT INTO changes (key) SELECT unnest($1::bigint[])"


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(database_url, PostgresSettings(), "test") as database:
        async with database.connection() as connection:
            await connection.execute(CHANGES_V1_UP)
        yield database
        async with database.connection() as connection:
            await connection.execute(CHANGES_V1_DOWN)


async def note(database: Database, *keys: int) -> None:
    async with database.connection() as connection:
        await connection.execute(_NOTE, keys)


async def test_changes_are_told_once_to_each_cursor(database: Database) -> None:
    log = ChangeLog(database)
    await note(database, 1)
    first = await log.since("")
    assert (first.keys, first.is_reset) == ((), False)
    await note(database, 2, 3)
    await note(database, 3)
    second = await log.since(first.cursor)
    assert (sorted(second.keys), second.is_reset) == ([2, 3], False)
    assert (await log.since(second.cursor)).keys == ()
    assert sorted((await log.since(first.cursor)).keys) == [2, 3]


async def test_what_is_committed_late_is_told_after_what_began_later(database: Database) -> None:
    log = ChangeLog(database)
    async with database.connection() as slow:
        transaction = slow.transaction()
        await transaction.start()
        await slow.execute(_NOTE, [1])
        begun = await log.since("")
        await note(database, 2)
        before = await log.since(begun.cursor)
        assert before.keys == (2,)
        await transaction.commit()
    after = await log.since(before.cursor)
    assert after.keys == (1,)
    assert (await log.since(after.cursor)).keys == ()


async def test_what_is_rolled_back_has_not_changed(database: Database) -> None:
    log = ChangeLog(database)
    begun = await log.since("")
    async with database.connection() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(_NOTE, [1])
        await transaction.rollback()
    assert (await log.since(begun.cursor)).keys == ()


async def test_a_cursor_of_another_database_is_reset(database: Database) -> None:
    log = ChangeLog(database)
    await note(database, 1)
    _, _, second = (await log.since("")).cursor.partition("@")
    ahead = await log.since(f"{10**9}:{10**9}:@{second}")
    assert (ahead.keys, ahead.is_reset) == ((), True)
    assert not (await log.since(ahead.cursor)).is_reset


@pytest.mark.parametrize("seconds", [CURSOR_SECONDS + 1, -60])
async def test_a_cursor_that_is_too_old_is_reset(database: Database, seconds: int) -> None:
    log = ChangeLog(database)
    snapshot, _, second = (await log.since("")).cursor.partition("@")
    found = await log.since(f"{snapshot}@{int(second) - seconds}")
    assert found.is_reset


@pytest.mark.parametrize(
    "cursor", ["x", "1:2:", "1:2:@", "1:2:@x", "2:1:@5", "@5", "\0@5", "1:2:@" + "9" * 30]
)
async def test_what_is_no_cursor_is_refused(database: Database, cursor: str) -> None:
    with pytest.raises(BadCursor) as caught:
        await ChangeLog(database).since(cursor)
    assert [violation.field for violation in caught.value.violations] == ["cursor"]


async def test_old_changes_are_forgotten_and_young_ones_kept(database: Database) -> None:
    begun = await ChangeLog(database).since("")
    await note(database, 1)
    await ChangeLog(database).prune()
    assert (await ChangeLog(database).since(begun.cursor)).keys == (1,)
    await ChangeLog(database, kept=timedelta(0)).prune()
    assert (await ChangeLog(database).since(begun.cursor)).keys == ()
