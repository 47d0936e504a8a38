"""What only PostgreSQL can show: races, events with their changes, and totals of long lists."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from prometheus_client import REGISTRY
from service_kit.config import PostgresSettings
from service_kit.database import Database, open_database
from service_kit.testing import eventually

from post_service.adapters.event_records import event_to_record
from post_service.adapters.postgres.posts import PostgresPosts
from post_service.adapters.postgres.units import PostgresUnits
from post_service.application.ports import UnitOfWork
from post_service.domain.events import PostCreated, PostDeleted
from post_service.domain.models import Post, PostChange, PostFilter
from tests.builders import a_draft, a_new_post, a_post

Work = Callable[[UnitOfWork], Awaitable[object]]


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

    async def leader(unit: UnitOfWork) -> None:
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


async def add(unit: UnitOfWork, *tags: str, key: str | None = None) -> tuple[Post, bool]:
    return await unit.add(a_new_post(tags=tags), key)


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

    async def hold(unit: UnitOfWork) -> None:
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
    async with units.begin() as unit:
        made, _ = await add(unit)
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


async def test_changes_of_one_post_wait_for_each_other_and_answer_what_is_stored(
    database: Database, units: PostgresUnits
) -> None:
    async with units.begin() as unit:
        made, _ = await unit.add(a_new_post(tags=["a"], media=[a_draft()]), None)

    async def change(unit: UnitOfWork, wanted: PostChange) -> Post:
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
    async def announce_and_fail(unit: UnitOfWork) -> None:
        unit.emit(PostCreated(a_post()))
        raise LookupError

    before = counted("deleted"), counted("created")
    await in_one_unit(units, announce)
    with pytest.raises(LookupError):
        await in_one_unit(units, announce_and_fail)
    rows = await database.fetch("outbox", "SELECT topic, key, type FROM outbox")
    assert [tuple(row) for row in rows] == [("post-events", "2", "post.deleted.v1")]
    assert (counted("deleted"), counted("created")) == (before[0] + 1, before[1])


async def announce(unit: UnitOfWork) -> None:
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
    source = "SELECT 7, 't', '' FROM generate_series(1, $1)"
    sql = f"INSERT INTO posts (author_id, title, content) {source}"
    await database.fetch("many", sql, count)
