"""What only PostgreSQL can show: races, events with their changes, and totals of long lists."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from service_kit.config import PostgresSettings
from service_kit.database import Database, open_database
from service_kit.testing import eventually

from tests.builders import a_new_user, a_user
from user_service.adapters.event_records import event_to_record
from user_service.adapters.postgres import PostgresUnits, PostgresUsers
from user_service.application.ports import UnitOfWork
from user_service.application.use_cases import Profiles
from user_service.domain.errors import UsernameTaken
from user_service.domain.events import UserCreated, UserDeleted
from user_service.domain.models import ProfileChange, User

Work = Callable[[UnitOfWork], Awaitable[object]]


@pytest.fixture(scope="module")
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(database_url, PostgresSettings(), "test") as opened:
        yield opened


@pytest.fixture
async def units(database: Database) -> PostgresUnits:
    await database.fetch("empty", "TRUNCATE users, outbox")
    return PostgresUnits(database, event_to_record, lambda: None)


async def in_one_unit(units: PostgresUnits, work: Work) -> object:
    async with units.begin() as unit:
        return await work(unit)


async def race(database: Database, units: PostgresUnits, first: Work, second: Work) -> object:
    """Let `first` wait with its commit until `second` waits for it; what `second` comes to."""
    worked, may_commit = asyncio.Event(), asyncio.Event()

    async def leader(unit: UnitOfWork) -> None:
        await first(unit)
        worked.set()
        await may_commit.wait()

    leading = asyncio.create_task(in_one_unit(units, leader))
    await worked.wait()
    following = asyncio.create_task(in_one_unit(units, second))
    await eventually(lambda: is_waiting(database))
    may_commit.set()
    _, outcome = await asyncio.gather(leading, following, return_exceptions=True)
    return outcome


async def is_waiting(database: Database) -> bool:
    """Whether a transaction waits for another one."""
    return bool(await database.fetch("waiting", "SELECT FROM pg_locks WHERE NOT granted"))


async def add(unit: UnitOfWork, key: str | None = None) -> tuple[User, bool]:
    return await unit.add(a_new_user("ann"), key)


async def test_of_two_requests_for_one_name_one_gets_it(
    database: Database, units: PostgresUnits
) -> None:
    assert isinstance(await race(database, units, add, add), UsernameTaken)
    assert (await PostgresUsers(database).after(0, 9)).total == 1


async def test_two_requests_with_one_key_make_one_user(
    database: Database, units: PostgresUnits
) -> None:
    outcome = await race(
        database, units, lambda unit: add(unit, "key"), lambda unit: add(unit, "key")
    )
    page = await PostgresUsers(database).after(0, 9)
    assert outcome == (page.users[0], False)
    assert page.total == 1


async def test_a_request_that_meets_a_name_before_its_own_key_gets_the_user_of_the_key(
    database: Database, units: PostgresUnits
) -> None:
    async with database.transaction() as connection:
        await connection.execute("INSERT INTO users (username, email) VALUES ('ann', 'a@x.org')")
        following = asyncio.create_task(in_one_unit(units, lambda unit: add(unit, "key")))
        await eventually(lambda: is_waiting(database))
        await connection.execute("UPDATE users SET idempotency_key = 'key'")
    assert await following == (await PostgresUsers(database).by_username("ann"), False)


async def test_a_key_that_made_nobody_does_not_hide_that_a_name_is_taken(
    database: Database, units: PostgresUnits
) -> None:
    outcome = await race(
        database, units, lambda unit: add(unit, "one"), lambda unit: add(unit, "another")
    )
    assert isinstance(outcome, UsernameTaken)


async def test_changes_of_one_user_wait_for_each_other(
    database: Database, units: PostgresUnits
) -> None:
    async with units.begin() as unit:
        ann, _ = await add(unit)

    async def rename(unit: UnitOfWork) -> None:
        await unit.lock(ann.id)
        await unit.change(ann.id, ProfileChange(username="first"))

    seen = await race(database, units, rename, lambda unit: unit.lock(ann.id))
    assert seen == await PostgresUsers(database).get(ann.id)
    assert isinstance(seen, User)
    assert seen.username == "first"


async def test_a_change_that_changes_nothing_writes_nothing(
    database: Database, units: PostgresUnits
) -> None:
    profiles = Profiles(PostgresUsers(database), units)
    ann = await profiles.create(a_new_user("ann", bio="x"), None)
    assert await profiles.update(ann.id, ProfileChange(username="ann", bio="x"), ann.id) == ann
    assert await profiles.get(ann.id) == ann


async def test_an_event_is_in_the_outbox_with_its_change_or_not_at_all(
    database: Database, units: PostgresUnits
) -> None:
    async def announce(unit: UnitOfWork) -> None:
        unit.emit(UserDeleted(a_user(7)))

    async def announce_and_fail(unit: UnitOfWork) -> None:
        unit.emit(UserCreated(a_user(8)))
        raise LookupError

    await in_one_unit(units, announce)
    with pytest.raises(LookupError):
        await in_one_unit(units, announce_and_fail)
    rows = await database.fetch("outbox", "SELECT topic, key, type FROM outbox")
    assert [tuple(row) for row in rows] == [("user-events", "7", "user.deleted.v1")]


async def test_a_total_is_exact_up_to_10_000_and_an_estimate_beyond(
    database: Database, units: PostgresUnits
) -> None:
    users = PostgresUsers(database)
    await insert_many(database, 1, 10_000)
    assert (await users.after(0, 1)).total == 10_000
    found = await users.search("user", with_email=False, offset=0, limit=1)
    assert (found.total, found.total_is_estimate) == (10_000, False)
    await insert_many(database, 10_001, 20_000)
    await database.fetch("analyze", "ANALYZE users")
    page = await users.after(0, 1)
    assert page.total_is_estimate
    assert 15_000 < page.total < 25_000
    found = await users.search("user", with_email=False, offset=0, limit=1)
    assert found.total_is_estimate
    assert found.total > 10_000
    await insert_many(database, 20_001, 30_000)
    await database.fetch("analyze", "ANALYZE users")
    assert (await users.after(0, 1)).total == page.total


async def insert_many(database: Database, first: int, last: int) -> None:
    sql = """
        INSERT INTO users (username, email)
        SELECT 'user' || number, 'user' || number || '@example.com'
        FROM generate_series($1::integer, $2::integer) AS number
    """
    await database.fetch("many", sql, first, last)
