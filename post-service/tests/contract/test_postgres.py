"""What only PostgreSQL can show: races, events with their changes, and totals of long lists."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from asyncpg import NotNullViolationError
from prometheus_client import REGISTRY
from service_kit.config import PostgresSettings
from service_kit.database import Database, open_database
from service_kit.outbox import OutboxRecord
from service_kit.testing import eventually

from post_service.adapters.event_records import event_to_record
from post_service.adapters.postgres.insertion import PostIds, insert
from post_service.adapters.postgres.posts import PostgresPosts
from post_service.adapters.postgres.units import PostgresUnit, PostgresUnits
from post_service.adapters.postgres.writes import Draft
from post_service.domain.errors import AuthorGone
from post_service.domain.events import PostDeleted, PostEvent
from post_service.domain.models import Post, PostChange, PostFilter
from tests.builders import a_draft, a_new_post, a_post, announcement

INSERT = """
    INSERT INTO posts (author_id, title, content) SELECT 7, 't', '' FROM generate_series(1, $1)
"""
Work = Callable[[PostgresUnit], Awaitable[object]]


@pytest.fixture(scope="module")
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(database_url, PostgresSettings(), "test") as opened:
        yield opened


@pytest.fixture
async def units(database: Database) -> PostgresUnits:
    tables = "posts, tags, post_tags, media, deleted_authors, outbox"
    await database.fetch("empty", f"TRUNCATE {tables}")
    return PostgresUnits(database, event_to_record, lambda: None)


async def in_one_unit(units: PostgresUnits, work: Work) -> object:
    async with units.begin() as unit:
        return await work(unit)


async def race(database: Database, units: PostgresUnits, first: Work, second: Work) -> object:
    """Let `first` wait with its commit until `second` waits for it; what `second` returns."""
    worked, may_commit = asyncio.Event(), asyncio.Event()

    async def leader(unit: PostgresUnit) -> None:
        await first(unit)
        worked.set()
        await may_commit.wait()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(in_one_unit(units, leader))
        await worked.wait()
        follower = tasks.create_task(in_one_unit(units, second))
        await eventually(lambda: is_waiting(database))
        may_commit.set()
    return follower.result()


async def is_waiting(database: Database) -> bool:
    """Whether a transaction waits for another one."""
    return await waiting(database) > 0


async def are_two_waiting(database: Database) -> bool:
    """Whether two transactions wait."""
    return await waiting(database) == 2


async def waiting(database: Database) -> int:
    """How many transactions wait for another one."""
    return len(await database.fetch("waiting", "SELECT FROM pg_locks WHERE NOT granted"))


async def add(unit: PostgresUnit, *tags: str, key: str | None = None) -> tuple[Post, bool]:
    """Publish as `units.publish` does, but in a transaction that goes on."""
    post_id = await unit.connection.fetchval("SELECT nextval('posts_id_seq')")
    draft = Draft(a_new_post(tags=tags), key, post_id, datetime.now(UTC))
    return await insert(unit.connection, draft, event_to_record)


async def test_two_requests_with_one_key_make_one_post(
    database: Database, units: PostgresUnits
) -> None:
    outcome = await race(
        database, units, lambda unit: add(unit, "a", key="k"), lambda unit: add(unit, "b", key="k")
    )
    page = await PostgresPosts(database).page(PostFilter(), after=None, offset=0, limit=9)
    assert outcome == (page.posts[0], False)
    assert page.total == 1
    rows = await database.fetch("tags", "SELECT name FROM tags")
    assert [row["name"] for row in rows] == ["a"]


async def test_posts_that_make_the_same_tags_at_once_share_them(
    database: Database, units: PostgresUnits
) -> None:
    await race(
        database,
        units,
        lambda unit: add(unit, "x", "y", "z"),
        lambda unit: add(unit, "z", "y", "w"),
    )
    rows = await database.fetch("tags", "SELECT name FROM tags ORDER BY name")
    assert [row["name"] for row in rows] == ["w", "x", "y", "z"]
    page = await PostgresPosts(database).page(PostFilter(), after=None, offset=0, limit=9)
    newer, older = ({tag.name: tag.id for tag in post.tags} for post in page.posts)
    assert list(newer) == ["z", "y", "w"]
    assert (newer["z"], newer["y"]) == (older["z"], older["y"])


async def test_posts_that_make_tags_in_opposite_orders_do_not_wait_for_each_other(
    database: Database, units: PostgresUnits
) -> None:
    worked, may_commit = asyncio.Event(), asyncio.Event()

    async def hold(unit: PostgresUnit) -> None:
        await add(unit, "m")
        worked.set()
        await may_commit.wait()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(in_one_unit(units, hold))
        await worked.wait()
        tasks.create_task(in_one_unit(units, lambda unit: add(unit, "a", "m", "z")))
        await eventually(lambda: is_waiting(database))
        tasks.create_task(in_one_unit(units, lambda unit: add(unit, "z", "m", "a")))
        await eventually(lambda: are_two_waiting(database))
        may_commit.set()
    page = await PostgresPosts(database).page(
        PostFilter(tags=("a", "m", "z")), after=None, offset=0, limit=1
    )
    assert page.total == 2


async def test_whose_post_it_is_is_told_when_a_deletion_under_way_is_over(
    database: Database, units: PostgresUnits
) -> None:
    made = await units.publish(a_new_post(), None)
    gone = await race(
        database, units, lambda unit: unit.remove([made.id]), lambda unit: unit.lock(made.id)
    )
    assert gone is None


async def test_a_post_that_races_with_the_deletion_of_its_author_goes_too(
    database: Database, units: PostgresUnits
) -> None:
    await race(database, units, add, lambda unit: unit.forget(1))
    async with units.begin() as unit:
        assert len(await unit.some_of(1, 10)) == 1


async def test_a_post_that_waited_for_the_deletion_of_its_author_is_not_made(
    database: Database, units: PostgresUnits
) -> None:
    forgotten, may_commit = asyncio.Event(), asyncio.Event()

    async def forget(unit: PostgresUnit) -> None:
        await unit.forget(1)
        forgotten.set()
        await may_commit.wait()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(in_one_unit(units, forget))
        await forgotten.wait()
        publishing = tasks.create_task(outcome_of(units.publish(a_new_post(), None)))
        await eventually(lambda: is_waiting(database))
        may_commit.set()
    assert isinstance(publishing.result(), AuthorGone)
    assert await database.fetch("left", "SELECT FROM posts UNION ALL SELECT FROM outbox") == []


async def outcome_of(work: Awaitable[object]) -> object:
    try:
        return await work
    except AuthorGone as error:
        return error


async def test_a_post_is_announced_once_as_it_is_stored(
    database: Database, units: PostgresUnits
) -> None:
    before = counted("created")
    made = await units.publish(a_new_post(tags=["a"], media=[a_draft()]), "key")
    again = await units.publish(a_new_post(title="other"), "key")
    assert again == made == await PostgresPosts(database).get(made.id)
    (row,) = await database.fetch("outbox", "SELECT topic, key, type, payload FROM outbox")
    record = event_to_record(announcement(made))
    assert tuple(row) == (record.topic, record.key, record.type, record.payload)
    assert counted("created") == before + 1


async def test_a_post_that_can_not_be_announced_is_not_made(database: Database) -> None:
    def nameless(event: PostEvent) -> OutboxRecord:
        missing: Any = None
        return replace(event_to_record(event), type=missing)

    units = PostgresUnits(database, nameless, lambda: None)
    before = counted("created")
    with pytest.raises(NotNullViolationError):
        await units.publish(a_new_post(author_id=77), None)
    page = await PostgresPosts(database).page(PostFilter(77), after=None, offset=0, limit=1)
    assert (page.total, counted("created")) == (0, before)


async def test_an_id_in_hand_is_nobody_elses(database: Database, units: PostgresUnits) -> None:
    other = PostIds(database)
    ids = [await other.take()]
    for _ in range(40):
        ids += [(await units.publish(a_new_post(), None)).id, await other.take()]
        ids += [row["id"] for row in await database.fetch("one", f"{INSERT} RETURNING id", 1)]
    ids += await asyncio.gather(*(other.take() for _ in range(80)))
    assert len(set(ids)) == len(ids)


async def test_changes_of_one_post_wait_for_each_other_and_answer_what_is_stored(
    database: Database, units: PostgresUnits
) -> None:
    made = await units.publish(a_new_post(tags=["a"], media=[a_draft()]), None)

    async def change(unit: PostgresUnit, wanted: PostChange) -> Post:
        await unit.lock(made.id)
        return await unit.change(made.id, wanted)

    answer = await race(
        database,
        units,
        lambda unit: change(unit, PostChange(tags=("b",), media=())),
        lambda unit: change(unit, PostChange(title="new")),
    )
    stored = await PostgresPosts(database).get(made.id)
    assert answer == stored
    assert stored is not None
    assert (stored.title, [tag.name for tag in stored.tags], stored.media) == ("new", ["b"], ())


async def test_an_event_is_in_the_outbox_and_counted_with_its_change_or_not_at_all(
    database: Database, units: PostgresUnits
) -> None:
    async def announce_and_fail(unit: PostgresUnit) -> None:
        unit.emit(announcement(a_post()))
        raise LookupError

    before = counted("deleted"), counted("created")
    await in_one_unit(units, announce)
    with pytest.raises(LookupError):
        await in_one_unit(units, announce_and_fail)
    rows = await database.fetch("outbox", "SELECT topic, key, type FROM outbox")
    assert [tuple(row) for row in rows] == [("post-events", "2", "post.deleted.v1")]
    assert (counted("deleted"), counted("created")) == (before[0] + 1, before[1])


async def announce(unit: PostgresUnit) -> None:
    unit.emit(PostDeleted(1, 2))


def counted(action: str) -> float:
    return REGISTRY.get_sample_value("pinstack_posts_total", {"action": action}) or 0.0


async def test_a_total_is_exact_up_to_10_000_and_an_estimate_beyond(
    database: Database, units: PostgresUnits
) -> None:
    posts, wanted = PostgresPosts(database), PostFilter(author_id=7)
    await insert_many(database, 10_000)
    page = await posts.page(wanted, after=None, offset=0, limit=1)
    assert (page.total, page.total_is_estimate) == (10_000, False)
    await insert_many(database, 10_000)
    await database.fetch("analyze", "ANALYZE posts")
    page = await posts.page(wanted, after=None, offset=0, limit=1)
    assert page.total_is_estimate
    assert 15_000 < page.total < 25_000
    again = await posts.page(wanted, after=None, offset=19_999, limit=1)
    assert (len(again.posts), again.has_more) == (1, False)
    assert (again.total, again.total_is_estimate) == (page.total, True)
    await insert_many(database, 10_000)
    await database.fetch("analyze", "ANALYZE posts")
    remembered = await posts.page(wanted, after=None, offset=0, limit=1)
    assert (remembered.total, remembered.total_is_estimate) == (page.total, True)


async def insert_many(database: Database, count: int) -> None:
    await database.fetch("many", INSERT, count)
