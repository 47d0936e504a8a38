"""What a cache does between a writer's commit and its invalidation, which may never come."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis
from service_kit.cache import Cache, open_redis

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


async def test_what_is_suspended_is_loaded_by_all_and_kept_by_nobody_until_it_is_invalidated(
    cache: Cache, other_process: Cache
) -> None:
    source = Source(a=b"old")
    await cache.get_many_or_load(["a"], source)
    await cache.suspend("a")
    source.values["a"] = b"new"
    for one in (cache, other_process, cache):
        assert await one.get_many_or_load(["a"], source) == {"a": b"new"}
    assert len(source.asked) == 4
    await cache.invalidate("a")
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
    await cache.suspend("a")
    source.open.set()
    await reading
    source.values["a"] = b"new"
    assert await cache.get_many_or_load(["a"], source) == {"a": b"new"}


async def test_what_nobody_invalidates_is_suspended_for_half_a_minute(
    cache: Cache, redis: Redis
) -> None:
    await cache.suspend("a")
    assert 20_000 < await redis.pttl("test:a") <= 30_000
