"""A hub that runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from service_kit.testing import eventually

from api_gateway.application.live.hub import Hub
from api_gateway.application.live.limits import Limits
from tests.fakes.live import InMemoryInboxes, InMemoryRevocations, ManualClock
from tests.live.house import LIMITS, House, Make


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    running: list[asyncio.Task[None]] = []

    def start(limits: Limits) -> House:
        inboxes, revocations, clock = InMemoryInboxes(), InMemoryRevocations(), ManualClock()
        sources, monotonic = inboxes.sources, clock.monotonic
        hub = Hub(inboxes, sources, revocations, limits, clock, monotonic=monotonic)
        running.append(asyncio.create_task(hub.run()))
        return House(inboxes, revocations, clock, hub)

    yield start
    for task in running:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def house(make: Make) -> House:
    house = make(LIMITS)
    await eventually(lambda: house.revocations.watched)
    return house
