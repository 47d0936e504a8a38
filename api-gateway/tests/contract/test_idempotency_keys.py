"""Idempotency keys: the same in Redis, in one process alone and in the fake."""

import asyncio
from collections.abc import AsyncIterator
from secrets import token_hex

import pytest
from service_kit.testing import free_port

from api_gateway.adapters.redis.idempotency import LocalIdempotencyKeys, RedisIdempotencyKeys
from api_gateway.adapters.redis.link import Link, open_link
from api_gateway.application.ports import IdempotencyKeys, InFlight, StoredAnswer
from tests.fakes.idempotency import InMemoryIdempotencyKeys

ANSWER = StoredAnswer("f1", 201, (("etag", '"x"'),), '{"name":"Ä"}'.encode())


@pytest.fixture
async def link(redis_url: str) -> AsyncIterator[Link]:
    async with open_link(redis_url, 1.0) as opened:
        yield opened


@pytest.fixture(params=["redis", "local", "fake"])
def keys(request: pytest.FixtureRequest, link: Link) -> IdempotencyKeys:
    if request.param == "redis":
        return RedisIdempotencyKeys(link, LocalIdempotencyKeys())
    return LocalIdempotencyKeys() if request.param == "local" else InMemoryIdempotencyKeys()


@pytest.fixture
def key() -> str:
    return token_hex(4)


async def claimed(keys: IdempotencyKeys, key: str) -> str:
    lease = await keys.begin(key)
    assert isinstance(lease, str)
    return lease


async def test_the_first_answer_is_given_again(keys: IdempotencyKeys, key: str) -> None:
    await keys.finish(key, await claimed(keys, key), ANSWER)
    assert await keys.begin(key) == ANSWER


async def test_a_second_request_sees_that_the_first_is_in_flight(
    keys: IdempotencyKeys, key: str
) -> None:
    await claimed(keys, key)
    assert isinstance(await keys.begin(key), InFlight)


async def test_one_of_many_at_the_same_moment_gets_the_claim(
    keys: IdempotencyKeys, key: str
) -> None:
    found = await asyncio.gather(*(keys.begin(key) for _ in range(10)))
    assert sum(isinstance(one, str) for one in found) == 1


async def test_an_abandoned_key_is_free_again(keys: IdempotencyKeys, key: str) -> None:
    await keys.abandon(key, await claimed(keys, key))
    await claimed(keys, key)


async def test_who_does_not_hold_the_claim_can_neither_end_nor_fill_it(
    keys: IdempotencyKeys, key: str
) -> None:
    await claimed(keys, key)
    await keys.abandon(key, "claim:somebody")
    await keys.finish(key, "claim:somebody", ANSWER)
    assert isinstance(await keys.begin(key), InFlight)


async def test_a_claim_of_a_process_that_died_ends_itself(link: Link, key: str) -> None:
    keys = RedisIdempotencyKeys(link, LocalIdempotencyKeys())
    await claimed(keys, key)
    (name,) = [name async for name in link.client.scan_iter(f"*{key}")]
    assert 0 < await link.client.ttl(name) <= 30


async def test_an_answer_is_kept_for_a_day(link: Link, key: str) -> None:
    keys = RedisIdempotencyKeys(link, LocalIdempotencyKeys())
    await keys.finish(key, await claimed(keys, key), ANSWER)
    (name,) = [name async for name in link.client.scan_iter(f"*{key}")]
    assert 86_000 < await link.client.ttl(name) <= 86_400


async def test_a_process_keeps_its_own_promise_while_redis_is_away(key: str) -> None:
    async with open_link(f"redis://127.0.0.1:{free_port()}/0", 0.1) as away:
        keys = RedisIdempotencyKeys(away, LocalIdempotencyKeys())
        await keys.finish(key, await claimed(keys, key), ANSWER)
        assert await keys.begin(key) == ANSWER
