"""Posts out of Redis: what is read there, what is forgotten, and life without it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from service_kit.cache import Cache, open_redis
from service_kit.config import PostgresSettings
from service_kit.database import Database, open_database
from service_kit.testing import free_port

from post_service.adapters.event_records import event_to_record
from post_service.adapters.postgres.posts import PostgresPosts
from post_service.adapters.postgres.units import PostgresUnits
from post_service.adapters.redis_cache import RedisPosts, post_from_bytes, post_to_bytes
from post_service.application.use_cases import Publications
from post_service.domain.events import PostEvent
from post_service.domain.models import PostChange, PostFilter
from tests.builders import a_new_post, a_post
from tests.fakes import InMemoryPosts


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


def a_memory(*ids: int) -> InMemoryPosts:
    memory = InMemoryPosts()
    memory.rows = {post_id: a_post(post_id) for post_id in ids}
    return memory


def test_a_post_is_kept_with_everything_it_has() -> None:
    assert post_from_bytes(post_to_bytes(a_post())) == a_post()


async def test_a_post_is_read_from_the_database_once(cache: Cache) -> None:
    memory = a_memory(1)
    posts = RedisPosts(memory, cache)
    for _ in range(3):
        assert await posts.get(1) == a_post(1)
        assert await posts.get_many([1]) == [a_post(1)]
    assert memory.reads == [[1]]


async def test_a_batch_reads_only_what_is_not_kept(cache: Cache) -> None:
    memory = a_memory(1, 2, 3)
    posts = RedisPosts(memory, cache)
    await posts.get(2)
    found = await posts.get_many([3, 2, 9, 1])
    assert {post.id for post in found} == {1, 2, 3}
    assert memory.reads == [[2], [3, 9, 1]]


async def test_a_post_that_is_made_after_somebody_asked_for_it_is_found(cache: Cache) -> None:
    memory = a_memory()
    posts = RedisPosts(memory, cache)
    assert await posts.get(1) is None
    memory.rows[1] = a_post(1)
    assert await posts.get(1) == a_post(1)


async def test_ones_own_writes_are_read_back_at_once(cache: Cache, database: Database) -> None:
    posts = RedisPosts(PostgresPosts(database), cache)
    units = PostgresUnits(database, event_to_record, lambda: None, posts.changing)
    publications = Publications(posts, units)
    made = await publications.create(a_new_post(), None)
    assert await publications.get(made.id) == made
    for number in range(20):
        changed = await publications.update(made.id, PostChange(title=f"{number}"), 1)
        assert await publications.get(made.id) == changed
    await publications.author_deleted(1)
    assert await publications.get_many([made.id]) == []


async def test_a_unit_whose_caller_goes_away_is_forgotten_all_the_same(
    cache: Cache, database: Database
) -> None:
    def go_away() -> None:
        raise asyncio.CancelledError

    posts = RedisPosts(PostgresPosts(database), cache)
    units = PostgresUnits(database, event_to_record, lambda: None, posts.changing)
    made = await Publications(posts, units).create(a_new_post(author_id=2), None)
    assert await posts.get(made.id) == made
    leaving = PostgresUnits(database, event_to_record, go_away, posts.changing)
    with pytest.raises(asyncio.CancelledError):
        await Publications(posts, leaving).update(made.id, PostChange(title="new"), 2)
    assert await posts.get(made.id) == await PostgresPosts(database).get(made.id) != made


async def test_a_process_that_dies_after_its_commit_leaves_no_old_post(
    cache: Cache, database: Database
) -> None:
    left: list[AbstractAsyncContextManager[None]] = []

    @asynccontextmanager
    async def die(ids: Sequence[int], events: Sequence[PostEvent]) -> AsyncIterator[None]:
        """Nothing is done any more after a commit."""
        left.append(posts.changing(ids, events))
        await left[-1].__aenter__()
        yield

    posts = RedisPosts(PostgresPosts(database), cache)
    mortal = Publications(posts, PostgresUnits(database, event_to_record, lambda: None, die))
    made = await mortal.create(a_new_post(author_id=4), None)
    assert await posts.get(made.id) == made
    changed = await mortal.update(made.id, PostChange(title="new"), 4)
    assert await posts.get(made.id) == changed
    other = await mortal.create(a_new_post(author_id=4), None)
    assert await posts.get(other.id) == other
    await mortal.delete(made.id, 4)
    await mortal.author_deleted(4)
    assert await posts.get_many([made.id, other.id]) == []
    for block in left:
        await block.__aexit__(None, None, None)


async def test_nothing_is_asked_of_redis_while_a_transaction_is_open(
    cache: Cache, database_url: str
) -> None:
    narrow = PostgresSettings(pool_min=1, pool_max=1)
    async with open_database(database_url, narrow, "test") as database:
        posts = RedisPosts(PostgresPosts(database), cache)

        async def no_transaction_is_open() -> None:
            """The one connection there is can be had."""
            async with asyncio.timeout(2):
                await database.fetch("idle", "SELECT 1")

        @asynccontextmanager
        async def watched(ids: Sequence[int], events: Sequence[PostEvent]) -> AsyncIterator[None]:
            await no_transaction_is_open()
            async with posts.changing(ids, events):
                yield
                await no_transaction_is_open()

        units = PostgresUnits(database, event_to_record, lambda: None, watched)
        made = await Publications(posts, units).create(a_new_post(author_id=5), None)
        changed = await Publications(posts, units).update(made.id, PostChange(title="new"), 5)
        assert await posts.get(made.id) == changed


async def test_everything_works_without_redis(away: Cache, database: Database) -> None:
    posts = RedisPosts(PostgresPosts(database), away)
    units = PostgresUnits(database, event_to_record, lambda: None, posts.changing)
    publications = Publications(posts, units)
    made = await publications.create(a_new_post(author_id=3), None)
    changed = await publications.update(made.id, PostChange(title="new"), 3)
    assert await publications.get(made.id) == changed
    page = await posts.page(PostFilter(author_id=3), after=None, offset=0, limit=1)
    assert page.posts == (changed,)
    await publications.delete(made.id, 3)
    assert await publications.get_many([made.id]) == []
