"""Users out of Redis: what is read there, what is forgotten, and life without it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

import pytest
from service_kit.cache import Cache, open_redis
from service_kit.config import PostgresSettings
from service_kit.database import Database, open_database
from service_kit.testing import free_port

from tests.builders import a_new_user, a_user
from tests.fakes import InMemoryUsers
from user_service.adapters.event_records import event_to_record
from user_service.adapters.postgres import PostgresUnits, PostgresUsers
from user_service.adapters.redis_cache import RedisUsers, user_from_bytes, user_to_bytes
from user_service.application.use_cases import Profiles
from user_service.domain.events import Event
from user_service.domain.models import ProfileChange, User


@pytest.fixture
async def cache(redis_url: str) -> AsyncIterator[Cache]:
    async with open_redis(redis_url) as redis:
        await redis.flushdb()
        opened = Cache(redis, "test", 60.0)
        yield opened
        await opened.close()


@pytest.fixture
async def away() -> AsyncIterator[Cache]:
    """A cache whose Redis is not there."""
    async with open_redis(f"redis://127.0.0.1:{free_port()}/0") as redis:
        opened = Cache(redis, "away", 60.0)
        yield opened
        await opened.close()


@pytest.fixture(scope="module")
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(database_url, PostgresSettings(), "test") as opened:
        yield opened


@pytest.mark.parametrize("user", [a_user(), replace(a_user(), bio=None, full_name=None)])
def test_a_user_is_kept_with_everything_it_has(user: User) -> None:
    assert user_from_bytes(user_to_bytes(user)) == user


async def test_a_user_is_read_from_the_database_once(cache: Cache) -> None:
    memory = InMemoryUsers(a_user(1))
    users = RedisUsers(memory, cache)
    for _ in range(3):
        assert await users.get(1) == a_user(1)
        assert await users.get_many([1]) == [a_user(1)]
    assert memory.reads == [[1]]


async def test_a_batch_reads_only_what_is_not_kept(cache: Cache) -> None:
    memory = InMemoryUsers(a_user(1), a_user(2), a_user(3))
    users = RedisUsers(memory, cache)
    await users.get(2)
    found = await users.get_many([3, 2, 9, 1])
    assert {user.id for user in found} == {1, 2, 3}
    assert memory.reads == [[2], [3, 9, 1]]


async def test_a_user_who_comes_after_somebody_asked_is_found(cache: Cache) -> None:
    memory = InMemoryUsers()
    users = RedisUsers(memory, cache)
    assert await users.get(1) is None
    memory.rows[1] = a_user(1)
    assert await users.get(1) == a_user(1)


async def test_ones_own_writes_are_read_back_at_once(cache: Cache, database: Database) -> None:
    users = RedisUsers(PostgresUsers(database), cache)
    profiles = Profiles(users, PostgresUnits(database, event_to_record, nothing, users.changing))
    made = await profiles.create(a_new_user("ann"), None)
    assert await profiles.get(made.id) == made
    for number in range(20):
        changed = await profiles.update(made.id, ProfileChange(bio=f"{number}"), made.id)
        assert await profiles.get(made.id) == changed
    await profiles.delete(made.id, made.id)
    assert await profiles.get_many([made.id]) == []


async def test_a_change_whose_caller_goes_away_is_forgotten_all_the_same(
    cache: Cache, database: Database
) -> None:
    def go_away() -> None:
        raise asyncio.CancelledError

    users = RedisUsers(PostgresUsers(database), cache)
    units = PostgresUnits(database, event_to_record, nothing, users.changing)
    made = await Profiles(users, units).create(a_new_user("bob"), None)
    assert await users.get(made.id) == made
    leaving = PostgresUnits(database, event_to_record, go_away, users.changing)
    with pytest.raises(asyncio.CancelledError):
        await Profiles(users, leaving).update(made.id, ProfileChange(bio="new"), made.id)
    assert await users.get(made.id) == await PostgresUsers(database).get(made.id) != made


async def test_a_process_that_dies_after_its_commit_leaves_no_old_user(
    cache: Cache, database: Database
) -> None:
    left: list[AbstractAsyncContextManager[None]] = []

    @asynccontextmanager
    async def die(ids: Sequence[int], events: Sequence[Event]) -> AsyncIterator[None]:
        """Nothing is done any more after a commit."""
        left.append(users.changing(ids, events))
        await left[-1].__aenter__()
        yield

    users = RedisUsers(PostgresUsers(database), cache)
    mortal = Profiles(users, PostgresUnits(database, event_to_record, nothing, die))
    made = await mortal.create(a_new_user("dora"), None)
    assert await users.get(made.id) == made
    changed = await mortal.update(made.id, ProfileChange(bio="new"), made.id)
    assert await users.get(made.id) == changed
    await mortal.delete(made.id, made.id)
    assert await users.get(made.id) is None
    for block in left:
        await block.__aexit__(None, None, None)


async def test_nothing_is_asked_of_redis_while_a_transaction_is_open(
    cache: Cache, database_url: str
) -> None:
    narrow = PostgresSettings(pool_min=1, pool_max=1)
    async with open_database(database_url, narrow, "test") as database:
        users = RedisUsers(PostgresUsers(database), cache)

        async def no_transaction_is_open() -> None:
            """The one connection there is can be had."""
            async with asyncio.timeout(2):
                await database.fetch("idle", "SELECT 1")

        @asynccontextmanager
        async def watched(ids: Sequence[int], events: Sequence[Event]) -> AsyncIterator[None]:
            await no_transaction_is_open()
            async with users.changing(ids, events):
                yield
                await no_transaction_is_open()

        units = PostgresUnits(database, event_to_record, nothing, watched)
        made = await Profiles(users, units).create(a_new_user("ella"), None)
        changed = await Profiles(users, units).update(made.id, ProfileChange(bio="new"), made.id)
        assert await users.get(made.id) == changed


async def test_everything_works_without_redis(away: Cache, database: Database) -> None:
    users = RedisUsers(PostgresUsers(database), away)
    units = PostgresUnits(database, event_to_record, nothing, users.changing)
    profiles = Profiles(users, units)
    made = await profiles.create(a_new_user("cleo"), None)
    changed = await profiles.update(made.id, ProfileChange(bio="x"), made.id)
    assert await profiles.get(made.id) == changed
    assert await profiles.by_username("CLEO") == changed
    assert await profiles.by_email("cleo@example.com") == changed
    found = await profiles.search("cleo", with_email=False, offset=0, limit=1)
    assert found.users == (changed,)
    assert (await profiles.list(made.id - 1, 1)).users == (changed,)
    await profiles.delete(made.id, made.id)
    assert await profiles.get_many([made.id]) == []


def nothing() -> None:
    """Wakes nobody."""
