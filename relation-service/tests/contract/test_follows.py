"""One suite for the relations, in memory and in PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from asyncpg import NotNullViolationError
from service_kit.config import PostgresSettings
from service_kit.database import Database, open_database
from service_kit.outbox import OutboxRecord
from service_kit.testing import eventually

from relation_service.adapters.event_records import event_to_record
from relation_service.adapters.postgres import PostgresFollows, PostgresUnits, follow
from relation_service.application.ports import Follows, Units
from relation_service.application.use_cases import REMOVED_AT_ONCE, Relations
from relation_service.domain.errors import AlreadyFollowing, UserNotFound
from relation_service.domain.events import Event, FollowCreated, FollowDeleted
from relation_service.domain.models import FollowerIds, Pair, Place, Relation, Window
from tests.builders import NOW
from tests.fakes import InMemoryFollows, InMemoryUsers

Store = tuple[Follows, Units]


@pytest.fixture(scope="module")
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(database_url, PostgresSettings(), "test") as opened:
        yield opened


@pytest.fixture(params=["memory", "postgres"])
async def store(request: pytest.FixtureRequest, database: Database) -> Store:
    if request.param == "memory":
        memory = InMemoryFollows()
        return memory, memory
    await database.fetch("empty", "TRUNCATE follows, deleted_users, outbox")
    return PostgresFollows(database), PostgresUnits(database, event_to_record, lambda: None)


async def _follow(units: Units, *pairs: Pair) -> None:
    for pair in pairs:
        await units.follow(FollowCreated(pair, NOW))


async def test_a_relation_exists_once(store: Store) -> None:
    _, units = store
    await _follow(units, Pair(1, 2), Pair(2, 1))
    with pytest.raises(AlreadyFollowing):
        await _follow(units, Pair(1, 2))


async def test_a_unit_that_fails_leaves_nothing(store: Store) -> None:
    follows, units = store
    await _follow(units, Pair(1, 2))
    with pytest.raises(LookupError):
        await _remove_and_fail(units)
    assert (await follows.page("followers", 2, Window(20))).total == 1


async def _remove_and_fail(units: Units) -> None:
    async with units.begin() as unit:
        assert await unit.remove(Pair(1, 2)) is not None
        await unit.forget(1)
        unit.emit(FollowDeleted(Pair(1, 2), NOW))
        raise LookupError


async def test_a_relation_that_was_removed_can_be_made_again(store: Store) -> None:
    _, units = store
    await _follow(units, Pair(1, 2))
    async with units.begin() as unit:
        assert await unit.remove(Pair(1, 2)) is not None
        assert await unit.remove(Pair(1, 2)) is None
    await _follow(units, Pair(1, 2))


async def test_lists_are_newest_first_and_continue_below_a_relation(store: Store) -> None:
    follows, units = store
    await _follow(units, *(Pair(follower, 1) for follower in (5, 3, 9, 4)), Pair(5, 2))
    first = await follows.page("followers", 1, Window(limit=3))
    assert (first.user_ids, first.more, first.total) == ((4, 9, 3), True, 4)
    rest = await follows.page("followers", 1, Window(limit=3, before=first.follow_ids[-1]))
    assert (rest.user_ids, rest.more) == ((5,), False)
    assert (await follows.page("followers", 1, Window(limit=3, offset=3))).user_ids == (5,)
    assert (await follows.page("followees", 5, Window(limit=3))).user_ids == (2, 1)


async def test_a_list_is_stable_while_others_follow(store: Store) -> None:
    follows, units = store
    await _follow(units, Pair(5, 1), Pair(6, 1))
    first = await follows.page("followers", 1, Window(limit=1))
    await _follow(units, Pair(7, 1))
    rest = await follows.page("followers", 1, Window(limit=5, before=first.follow_ids[-1]))
    assert (first.user_ids, rest.user_ids) == ((6,), (5,))


async def test_followers_come_ascending_in_batches_from_any_of_them_on(store: Store) -> None:
    follows, units = store
    await _follow(units, *(Pair(follower, 1) for follower in (9, 3, 7, 5)))
    assert [list(batch) async for batch in follows.followers(1, 0, 2)] == [[3, 5], [7, 9]]
    assert [list(batch) async for batch in follows.followers(1, 5, 9)] == [[7, 9]]
    assert [list(batch) async for batch in follows.followers(2, 0, 9)] == []


async def test_followers_of_several_come_ascending_each_from_its_place_in_the_order_asked(
    store: Store,
) -> None:
    follows, units = store
    await _follow(units, *(Pair(follower, 1) for follower in (9, 3, 7, 5)), Pair(4, 2), Pair(1, 2))
    places = [Place(2), Place(8), Place(1), Place(1, 5), Place(1, 9)]
    assert await follows.follower_ids(places, 2) == [
        FollowerIds((1, 4), is_last=True),
        FollowerIds((), is_last=True),
        FollowerIds((3, 5), is_last=False),
        FollowerIds((7, 9), is_last=True),
        FollowerIds((), is_last=True),
    ]


async def test_relations_answer_in_the_order_asked(store: Store) -> None:
    follows, units = store
    await _follow(units, Pair(1, 2), Pair(3, 1))
    assert await follows.relations(1, [3, 4, 2]) == [
        Relation(3, following=False, followed_by=True),
        Relation(4, following=False, followed_by=False),
        Relation(2, following=True, followed_by=False),
    ]


async def test_a_deleted_user_gets_no_relation(store: Store) -> None:
    _, units = store
    async with units.begin() as unit:
        await unit.forget(2)
        await unit.forget(2)
    for pair in (Pair(1, 2), Pair(2, 1)):
        with pytest.raises(UserNotFound):
            await _follow(units, pair)


async def test_the_relations_of_a_user_are_removed_some_at_a_time(store: Store) -> None:
    follows, units = store
    await _follow(units, Pair(1, 2), Pair(2, 3), Pair(4, 2), Pair(5, 6))
    removed: set[Pair] = set()
    while True:
        async with units.begin() as unit:
            some = await unit.remove_some_of(2, 2)
        removed |= set(some)
        if not some:
            break
        assert len(some) <= 2
    assert removed == {Pair(1, 2), Pair(2, 3), Pair(4, 2)}
    assert (await follows.page("followers", 6, Window(20))).user_ids == (5,)


async def test_an_event_is_in_the_outbox_with_its_change_or_not_at_all(
    database: Database,
) -> None:
    units = PostgresUnits(database, event_to_record, lambda: None)
    await database.fetch("empty", "TRUNCATE follows, deleted_users, outbox")
    await _follow(units, Pair(1, 2))
    with pytest.raises(AlreadyFollowing):
        await _follow(units, Pair(1, 2))
    with pytest.raises(LookupError):
        await _remove_and_fail(units)
    nameless = PostgresUnits(database, _nameless, lambda: None)
    with pytest.raises(NotNullViolationError):
        await _follow(nameless, Pair(1, 3))
    assert (await PostgresFollows(database).page("followers", 3, Window(20))).total == 0
    rows = await database.fetch("outbox", "SELECT topic, key, type FROM outbox")
    assert [tuple(row) for row in rows] == [("relation-events", "2", "relation.follow_created.v1")]


async def test_a_follow_that_races_with_the_deletion_of_the_followee_leaves_no_relation(
    database: Database,
) -> None:
    units = PostgresUnits(database, event_to_record, lambda: None)
    await database.fetch("empty", "TRUNCATE follows, deleted_users, outbox")
    added, may_commit = asyncio.Event(), asyncio.Event()

    async def follow_and_wait() -> None:
        created = FollowCreated(Pair(1, 2), NOW)
        async with database.transaction() as connection:
            await follow(connection, created, event_to_record(created))
            added.set()
            await may_commit.wait()

    async def delete() -> list[Pair]:
        async with units.begin() as unit:
            await unit.forget(2)
        async with units.begin() as unit:
            return await unit.remove_some_of(2, 10)

    async with asyncio.TaskGroup() as race:
        race.create_task(follow_and_wait())
        await added.wait()
        deletion = race.create_task(delete())
        await eventually(lambda: _is_waiting(database))
        may_commit.set()
    assert deletion.result() == [Pair(1, 2)]


async def test_a_follow_that_waited_for_the_deletion_of_the_followee_is_not_made(
    database: Database,
) -> None:
    units = PostgresUnits(database, event_to_record, lambda: None)
    await database.fetch("empty", "TRUNCATE follows, deleted_users, outbox")
    forgotten, may_commit = asyncio.Event(), asyncio.Event()

    async def forget_and_wait() -> None:
        async with units.begin() as unit:
            await unit.forget(2)
            forgotten.set()
            await may_commit.wait()

    async def is_refused() -> bool:
        with pytest.raises(UserNotFound):
            await _follow(units, Pair(1, 2))
        return True

    async with asyncio.TaskGroup() as race:
        race.create_task(forget_and_wait())
        await forgotten.wait()
        refused = race.create_task(is_refused())
        await eventually(lambda: _is_waiting(database))
        may_commit.set()
    assert refused.result()
    assert await database.fetch("left", "SELECT FROM follows UNION ALL SELECT FROM outbox") == []


async def test_all_relations_of_a_user_go_while_somebody_ends_one_of_them(
    database: Database,
) -> None:
    follows = PostgresFollows(database)
    units = PostgresUnits(database, event_to_record, lambda: None)
    relations = Relations(follows, InMemoryUsers(), units, lambda: NOW)
    await database.fetch("empty", "TRUNCATE follows, deleted_users, outbox")
    sql = """INSERT INTO follows (follower_id, followee_id)
        SELECT n, 1 FROM generate_series(2, 1 + $1::integer) AS n"""
    await database.fetch("follow", sql, 2 * REMOVED_AT_ONCE)
    removed, may_commit = asyncio.Event(), asyncio.Event()

    async def unfollow_and_wait() -> None:
        async with units.begin() as unit:
            assert await unit.remove(Pair(2, 1)) is not None
            removed.set()
            await may_commit.wait()

    async with asyncio.TaskGroup() as race:
        race.create_task(unfollow_and_wait())
        await removed.wait()
        race.create_task(relations.user_deleted(1))
        await eventually(lambda: _is_waiting(database, "transactionid"))
        may_commit.set()
    assert (await follows.page("followers", 1, Window(20))).total == 0


def _nameless(event: Event) -> OutboxRecord:
    """A record that can't be kept."""
    missing: Any = None
    return replace(event_to_record(event), type=missing)


async def _is_waiting(database: Database, kind: str = "advisory") -> bool:
    """Whether a transaction waits for a lock of that kind."""
    sql = "SELECT FROM pg_locks WHERE locktype = $1 AND NOT granted"
    return bool(await database.fetch("waiting", sql, kind))
