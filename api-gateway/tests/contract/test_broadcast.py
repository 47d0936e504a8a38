"""Gateways hear of writes at each other before a write is answered."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import pytest
from service_kit.testing import eventually, free_port

from api_gateway.adapters.redis.broadcast import RedisBroadcast
from api_gateway.adapters.redis.link import open_link

PATIENCE_SECONDS = 10


@dataclass
class Gateway:
    """One that listens, and what it has heard."""

    heard: list[int] = field(default_factory=list)
    profiles: list[int] = field(default_factory=list)
    listening: list[bool] = field(default_factory=list)
    broadcast: RedisBroadcast | None = None

    async def tell(self, user_id: int, *, profile: bool = False) -> None:
        """Somebody has written here."""
        assert self.broadcast is not None
        await self.broadcast.tell(user_id, profile=profile)

    def hear(self, user_id: int, profile: bool) -> None:
        """Somebody has written elsewhere."""
        (self.profiles if profile else self.heard).append(user_id)


@asynccontextmanager
async def a_gateway(url: str) -> AsyncIterator[Gateway]:
    gateway = Gateway()
    async with open_link(url, 0.5) as link:
        gateway.broadcast = RedisBroadcast(
            link, gateway.hear, gateway.listening.append, PATIENCE_SECONDS
        )
        listening = asyncio.create_task(gateway.broadcast.listen())
        try:
            yield gateway
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


@pytest.fixture
async def gateways(redis_url: str) -> AsyncIterator[list[Gateway]]:
    async with AsyncExitStack() as stack:
        found = [await stack.enter_async_context(a_gateway(redis_url)) for _ in range(3)]
        await eventually(lambda: all(one.listening for one in found), PATIENCE_SECONDS)
        yield found


async def test_all_others_have_heard_when_telling_ends(gateways: list[Gateway]) -> None:
    for user_id in range(1, 30):
        await gateways[0].tell(user_id)
        assert gateways[1].heard[-1:] == gateways[2].heard[-1:] == [user_id]
    assert gateways[0].heard == []


async def test_writers_of_one_moment_are_all_heard_of(gateways: list[Gateway]) -> None:
    async with asyncio.TaskGroup() as writers:
        for user_id in range(200):
            writers.create_task(gateways[user_id % 2].tell(user_id))
    assert sorted(gateways[2].heard) == list(range(200))
    assert sorted(gateways[0].heard) == list(range(1, 200, 2))


async def test_others_hear_whether_it_may_have_been_the_profile(gateways: list[Gateway]) -> None:
    await gateways[0].tell(7)
    assert (gateways[1].heard, gateways[1].profiles) == ([7], [])
    await gateways[0].tell(8, profile=True)
    for gateway in gateways[1:]:
        assert (gateway.heard, gateway.profiles) == ([7, 8], [8])


async def test_a_gateway_alone_waits_for_nobody(redis_url: str) -> None:
    async with a_gateway(redis_url) as gateway:
        await eventually(lambda: gateway.listening == [True], PATIENCE_SECONDS)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await gateway.tell(7)
        assert gateway.heard == []


async def test_without_redis_telling_ends_and_nobody_listens() -> None:
    async with a_gateway(f"redis://127.0.0.1:{free_port()}/0") as gateway:
        await eventually(lambda: False in gateway.listening, PATIENCE_SECONDS)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await gateway.tell(7)
        assert True not in gateway.listening
