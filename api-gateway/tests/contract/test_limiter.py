"""Rate limits: the same from Redis and from one process alone."""

import asyncio
from collections.abc import AsyncIterator
from secrets import token_hex

import pytest
from service_kit.testing import eventually, free_port

from api_gateway.adapters.redis.limiter import LocalLimiter, RedisLimiter
from api_gateway.adapters.redis.link import Link, open_link
from api_gateway.application.ports import Limiter
from api_gateway.domain.limit import Limit

SLOW = Limit("slow", 3, 3600)
QUICK = Limit("quick", 2, 1)


@pytest.fixture
async def link(redis_url: str) -> AsyncIterator[Link]:
    async with open_link(redis_url, 1.0) as opened:
        yield opened


@pytest.fixture(params=["redis", "local"])
def limiter(request: pytest.FixtureRequest, link: Link) -> Limiter:
    local = LocalLimiter()
    return RedisLimiter(link, local) if request.param == "redis" else local


@pytest.fixture
def key() -> str:
    return token_hex(4)


async def test_a_burst_of_the_whole_quota_passes_and_one_more_does_not(
    limiter: Limiter, key: str
) -> None:
    verdicts = [await limiter.take(SLOW, key) for _ in range(4)]
    assert [verdict.allowed for verdict in verdicts] == [True, True, True, False]
    assert [verdict.remaining for verdict in verdicts] == [2, 1, 0, 0]


async def test_a_refusal_says_when_to_come_back(limiter: Limiter, key: str) -> None:
    for _ in range(3):
        await limiter.take(SLOW, key)
    refused = await limiter.take(SLOW, key)
    assert 1190 < refused.retry_after <= 1200
    assert 3590 < refused.reset_after <= 3600


async def test_who_waits_that_long_passes_again(limiter: Limiter, key: str) -> None:
    for _ in range(2):
        assert (await limiter.take(QUICK, key)).allowed
    assert not (await limiter.take(QUICK, key)).allowed

    async def passes() -> bool:
        return (await limiter.take(QUICK, key)).allowed

    await eventually(passes, 2.0)


async def test_refused_requests_do_not_prolong_the_wait(limiter: Limiter, key: str) -> None:
    for _ in range(3):
        await limiter.take(SLOW, key)
    first = await limiter.take(SLOW, key)
    for _ in range(20):
        last = await limiter.take(SLOW, key)
    assert last.retry_after <= first.retry_after


async def test_callers_and_scopes_do_not_share_a_quota(limiter: Limiter, key: str) -> None:
    for _ in range(4):
        await limiter.take(SLOW, key)
    assert (await limiter.take(SLOW, f"{key}-other")).allowed
    assert (await limiter.take(Limit("other", 3, 3600), key)).allowed


async def test_requests_at_the_same_moment_are_all_counted(limiter: Limiter, key: str) -> None:
    verdicts = await asyncio.gather(*(limiter.take(SLOW, key) for _ in range(20)))
    assert sum(verdict.allowed for verdict in verdicts) == 3


async def test_replicas_share_one_quota(redis_url: str, key: str) -> None:
    async with open_link(redis_url, 1.0) as one, open_link(redis_url, 1.0) as two:
        replicas = [RedisLimiter(link, LocalLimiter()) for link in (one, two)]
        verdicts = [await replicas[turn % 2].take(SLOW, key) for turn in range(4)]
    assert [verdict.allowed for verdict in verdicts] == [True, True, True, False]


async def test_a_process_limits_alone_while_redis_is_away(key: str) -> None:
    async with open_link(f"redis://127.0.0.1:{free_port()}/0", 0.1) as away:
        limiter = RedisLimiter(away, LocalLimiter())
        verdicts = [await limiter.take(SLOW, key) for _ in range(4)]
    assert [verdict.allowed for verdict in verdicts] == [True, True, True, False]


async def test_a_process_alone_forgets_who_has_their_burst_again() -> None:
    now = 0.0
    limiter = LocalLimiter(lambda: now)
    for number in range(100_001):
        await limiter.take(QUICK, str(number))
    now = 10.0
    await limiter.take(QUICK, "one more")
    assert (await limiter.take(QUICK, "one more")).allowed
    assert not (await limiter.take(QUICK, "one more")).allowed
