"""The cache with a real Redis, with a broken one, and in races with invalidation."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import pytest
from redis.asyncio import Redis
from service_kit import metrics
from service_kit.cache import Cache, open_redis
from service_kit.cache.store import RedisStore, StoreAway
from service_kit.testing import eventually, free_port


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


class Source:
    """What is cached; counts how often it is asked, and waits while `open` is clear."""

    def __init__(self, **values: bytes) -> None:
        self.values = values
        self.asked: list[list[str]] = []
        self.open = asyncio.Event()
        self.open.set()
        self.entered = asyncio.Event()

    async def __call__(self, keys: Sequence[str]) -> Mapping[str, bytes]:
        self.asked.append(list(keys))
        found = {key: self.values[key] for key in keys if key in self.values}
        self.entered.set()
        await self.open.wait()
        return found


def outcomes(result: str) -> float:
    value: float = metrics.CACHE_REQUESTS.labels("test", result)._value.get()
    return value


async def test_a_value_is_loaded_once(cache: Cache) -> None:
    source = Source(a=b"1")
    for _ in range(3):
        assert await cache.get_many_or_load(["a"], source) == {"a": b"1"}
    assert source.asked == [["a"]]


async def test_one_value_can_be_asked_for_alone(cache: Cache) -> None:
    calls = 0

    async def load() -> bytes | None:
        nonlocal calls
        calls += 1
        return b"\x00value"

    assert await cache.get_or_load("a", load) == b"\x00value"
    assert await cache.get_or_load("a", load) == b"\x00value"
    assert calls == 1


async def test_only_what_is_missing_is_loaded_and_in_one_call(cache: Cache) -> None:
    source = Source(a=b"1", b=b"2", c=b"3")
    await cache.get_many_or_load(["b"], source)
    assert await cache.get_many_or_load(["a", "b", "c", "a", "x"], source) == {
        "a": b"1",
        "b": b"2",
        "c": b"3",
    }
    assert source.asked == [["b"], ["a", "c", "x"]]
    assert await cache.get_many_or_load([], source) == {}


async def test_many_that_want_a_value_at_once_load_it_once(cache: Cache) -> None:
    source = Source(a=b"1")
    source.open.clear()
    wanting = [asyncio.create_task(cache.get_many_or_load(["a"], source)) for _ in range(20)]
    await source.entered.wait()
    wanting[0].cancel()
    source.open.set()
    results = await asyncio.gather(*wanting, return_exceptions=True)
    assert isinstance(results[0], asyncio.CancelledError)
    assert results[1:] == [{"a": b"1"}] * 19
    assert source.asked == [["a"]]


async def test_absence_is_not_cached_unless_asked_for(cache: Cache, redis: Redis) -> None:
    source = Source()
    for _ in range(2):
        assert await cache.get_many_or_load(["a"], source) == {}
    assert source.asked == [["a"], ["a"]]
    remembering = Cache(redis, "test", 60, negative_ttl_seconds=60)
    for _ in range(2):
        assert await remembering.get_many_or_load(["a"], source) == {}
    assert source.asked == [["a"], ["a"], ["a"]]


async def test_a_failure_reaches_the_caller_and_is_not_cached(cache: Cache) -> None:
    async def failing(_keys: Sequence[str]) -> Mapping[str, bytes]:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        await cache.get_many_or_load(["a"], failing)
    source = Source(a=b"1")
    for _ in range(2):
        assert await cache.get_many_or_load(["a"], source) == {"a": b"1"}
    assert source.asked == [["a"]]


async def test_an_invalidated_value_is_loaded_again(cache: Cache) -> None:
    source = Source(a=b"old")
    await cache.get_many_or_load(["a"], source)
    source.values["a"] = b"new"
    await cache.invalidate("a")
    assert await cache.get_many_or_load(["a"], source) == {"a": b"new"}


async def test_a_value_loaded_before_an_invalidation_is_not_stored_after_it(
    cache: Cache, other_process: Cache
) -> None:
    source = Source(a=b"old")
    source.open.clear()
    slow = asyncio.create_task(cache.get_many_or_load(["a"], source))
    await source.entered.wait()
    await other_process.invalidate("a")
    source.open.set()
    assert await slow == {"a": b"old"}
    fresh = Source(a=b"new")
    assert await cache.get_many_or_load(["a"], fresh) == {"a": b"new"}
    assert await other_process.get_many_or_load(["a"], Source()) == {"a": b"new"}


async def test_who_comes_after_an_invalidation_does_not_join_a_load_from_before_it(
    cache: Cache,
) -> None:
    source = Source(a=b"old")
    source.open.clear()
    slow = asyncio.create_task(cache.get_many_or_load(["a"], source))
    await source.entered.wait()
    await cache.invalidate("a")
    assert await cache.get_many_or_load(["a"], Source(a=b"new")) == {"a": b"new"}
    source.open.set()
    await slow
    assert await cache.get_many_or_load(["a"], Source()) == {"a": b"new"}


async def test_a_value_near_its_end_is_served_and_loaded_anew(redis: Redis) -> None:
    cache = Cache(redis, "test", ttl_seconds=1.0)
    source = Source(a=b"1")
    await cache.get_many_or_load(["a"], source)
    source.values["a"] = b"2"
    stale = outcomes("stale")

    async def is_renewed() -> bool:
        return await cache.get_many_or_load(["a"], source) == {"a": b"2"}

    await eventually(is_renewed)
    assert outcomes("stale") > stale
    await cache.close()


async def test_a_reload_from_before_an_invalidation_is_not_stored_after_it(
    redis: Redis, other_process: Cache
) -> None:
    cache = Cache(redis, "test", ttl_seconds=2.0)
    source = Source(a=b"old")
    await cache.get_many_or_load(["a"], source)
    source.open.clear()
    source.entered.clear()

    async def is_reloading() -> bool:
        await cache.get_many_or_load(["a"], source)
        return source.entered.is_set()

    await eventually(is_reloading)
    await other_process.invalidate("a")
    await other_process.get_many_or_load(["a"], Source(a=b"new"))
    source.open.set()
    await eventually(lambda: not cache._flights)
    assert await cache.get_many_or_load(["a"], Source()) == {"a": b"new"}


async def test_hits_and_misses_are_counted(cache: Cache) -> None:
    hits, misses = outcomes("hit"), outcomes("miss")
    for _ in range(3):
        await cache.get_many_or_load(["a", "b"], Source(a=b"1", b=b"2"))
    assert (outcomes("hit") - hits, outcomes("miss") - misses) == (4, 2)


async def test_without_redis_everything_is_loaded_and_soon_costs_nothing() -> None:
    async with open_redis(f"redis://127.0.0.1:{free_port()}/0") as nothing:
        cache = Cache(nothing, "test", ttl_seconds=60)
        source = Source(a=b"1")
        bypassed = outcomes("bypass")
        await cache.get_many_or_load(["a"], source)
        started = time.perf_counter()
        for _ in range(100):
            assert await cache.get_many_or_load(["a"], source) == {"a": b"1"}
        assert time.perf_counter() - started < 0.25
        assert outcomes("bypass") - bypassed == 101


async def test_without_redis_what_has_expired_by_itself_is_not_kept_to_be_forgotten() -> None:
    async with open_redis(f"redis://127.0.0.1:{free_port()}/0") as nothing:
        store = RedisStore(nothing, "test", ttl_seconds=0.1, timeout_seconds=0.1)

        async def kept_after(key: str) -> int:
            with suppress(StoreAway):
                await store.delete(["hot", key])
            return len(store._to_delete)

        assert max([await kept_after(str(number)) for number in range(100)]) > 2
        over = time.monotonic() + 0.1
        await eventually(lambda: time.monotonic() > over)
        assert await kept_after("another") == 2


async def test_a_redis_that_hangs_is_given_up_soon() -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, open_redis(f"redis://127.0.0.1:{port}/0", 0.1) as hanging:
        cache = Cache(hanging, "test", ttl_seconds=60, timeout_seconds=0.1)
        started = time.perf_counter()
        assert await cache.get_many_or_load(["a"], Source(a=b"1")) == {"a": b"1"}
        assert time.perf_counter() - started < 2.0


async def test_what_was_invalidated_while_redis_was_away_is_gone_when_it_is_back(
    redis: Redis, redis_url: str
) -> None:
    class Switch:
        """A TCP connection to Redis that can be cut."""

        on = True

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not Switch.on:
            writer.close()
            return
        host, port = redis_url.removeprefix("redis://").partition("/")[0].split(":")
        upstream_reader, upstream_writer = await asyncio.open_connection(host, int(port))
        pumps = [
            asyncio.create_task(pump(reader, upstream_writer)),
            asyncio.create_task(pump(upstream_reader, writer)),
        ]
        connections.append(writer)
        await asyncio.gather(*pumps)

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    connections: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(forward, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    number = redis_url.rpartition("/")[2]
    async with server, open_redis(f"redis://127.0.0.1:{port}/{number}") as client:
        cache = Cache(client, "test", ttl_seconds=60)
        await cache.get_many_or_load(["a"], Source(a=b"old"))
        Switch.on = False
        for connection in connections:
            connection.close()
        await cache.invalidate("a")
        assert await redis.get("test:a") is not None
        Switch.on = True

        async def is_new() -> bool:
            return await cache.get_many_or_load(["a"], Source(a=b"new")) == {"a": b"new"}

        await eventually(is_new)

        async def is_forgotten() -> bool:
            await cache.get_many_or_load(["other"], Source())
            raw: Any = await redis.get("test:a")
            return raw is None or bool(raw.endswith(b"new"))

        await eventually(is_forgotten)
        assert await cache.get_many_or_load(["a"], Source(a=b"new")) == {"a": b"new"}
