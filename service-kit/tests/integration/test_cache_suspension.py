"""What a cache does between a writer's commit and its invalidation, which may never come."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis.asyncio import ConnectionPool, Redis
from service_kit.cache import Cache, open_redis
from service_kit.testing import eventually

from tests.integration.test_cache import Source


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with open_redis(redis_url) as client:
        await client.flushdb()
        yield client


@pytest.fixture
async def cache(redis: Redis) -> AsyncIterator[Cache]:
    cache = Cache(redis, "test", ttl_seconds=60)
    yield cache
    await cache.close()


@pytest.fixture
async def other_process(redis: Redis) -> AsyncIterator[Cache]:
    """A cache that shares nothing with `cache` but Redis."""
    cache = Cache(redis, "test", ttl_seconds=60)
    yield cache
    await cache.close()


class HesitantRedis(Redis):
    """A client that asks Redis for what it is told to once it may."""

    def __init__(self, connection_pool: ConnectionPool) -> None:
        super().__init__(connection_pool=connection_pool)
        self.may_go_on = asyncio.Event()

    async def evalsha(self, *arguments: Any) -> Any:
        await self.may_go_on.wait()
        return await super().evalsha(*arguments)


async def test_what_is_suspended_is_loaded_by_all_and_kept_by_nobody_until_its_change_is_over(
    cache: Cache, other_process: Cache
) -> None:
    source = Source(a=b"old")
    await cache.get_many_or_load(["a"], source)
    async with cache.suspended("a"):
        source.values["a"] = b"new"
        for one in (cache, other_process, cache):
            assert await one.get_many_or_load(["a"], source) == {"a": b"new"}
        assert len(source.asked) == 4
    for one in (cache, other_process):
        assert await one.get_many_or_load(["a"], source) == {"a": b"new"}
    assert len(source.asked) == 5


async def test_a_value_loaded_before_it_was_suspended_is_not_kept(
    cache: Cache, other_process: Cache
) -> None:
    source = Source(a=b"old")
    source.open.clear()
    reading = asyncio.create_task(other_process.get_many_or_load(["a"], source))
    await source.entered.wait()
    async with cache.suspended("a"):
        source.open.set()
        await reading
        source.values["a"] = b"new"
        assert await cache.get_many_or_load(["a"], source) == {"a": b"new"}
    assert await other_process.get_many_or_load(["a"], source) == {"a": b"new"}


async def test_a_writer_that_is_done_does_not_end_the_suspension_of_another_one(
    cache: Cache, other_process: Cache
) -> None:
    source = Source(a=b"old")
    async with other_process.suspended("a"):
        async with cache.suspended("a"):
            source.values["a"] = b"newer"
        await cache.invalidate("a")
        assert await cache.get_many_or_load(["a"], source) == {"a": b"newer"}
        source.values["a"] = b"newest"
        assert await cache.get_many_or_load(["a"], source) == {"a": b"newest"}
    for one in (cache, other_process):
        assert await one.get_many_or_load(["a"], source) == {"a": b"newest"}
    assert len(source.asked) == 3


async def test_what_is_found_to_have_changed_meanwhile_is_forgotten_too(cache: Cache) -> None:
    source = Source(a=b"old", b=b"old")
    await cache.get_many_or_load(["a", "b"], source)
    async with cache.suspended("a") as changed:
        changed.add("b")
    source.values |= {"a": b"new", "b": b"new"}
    assert await cache.get_many_or_load(["a", "b"], source) == {"a": b"new", "b": b"new"}


async def test_a_writer_that_is_cancelled_at_the_end_frees_what_it_suspended(
    redis_url: str, redis: Redis
) -> None:
    hesitant = HesitantRedis(connection_pool=ConnectionPool.from_url(redis_url))
    hesitant.may_go_on.set()
    cache = Cache(hesitant, "test", ttl_seconds=60, timeout_seconds=5)
    ending = asyncio.Event()

    async def is_free() -> bool:
        return not await redis.exists("test:a")

    async def write() -> None:
        async with cache.suspended("a"):
            hesitant.may_go_on.clear()
            ending.set()

    writing = asyncio.create_task(write())
    await ending.wait()
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    assert await redis.exists("test:a")
    hesitant.may_go_on.set()
    await eventually(is_free)
    await cache.close()
    await hesitant.connection_pool.aclose()


async def test_what_a_dead_writer_suspended_is_kept_again_after_a_minute(
    cache: Cache, redis: Redis
) -> None:
    async with cache.suspended("a"):
        assert 50_000 < await redis.pttl("test:a") <= 60_000
        held: Any = await redis.get("test:a")
        over = held[:-13] + b"0000000000001"
        await redis.set("test:a", over, px=60_000)
        async with cache.suspended("a"):
            assert await redis.strlen("test:a") == len(held)
        assert not await redis.exists("test:a")
