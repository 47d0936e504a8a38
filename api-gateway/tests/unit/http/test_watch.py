"""A service is asked how busy it is while many wait for it, and left alone otherwise."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager

from service_kit.errors import Unavailable
from service_kit.testing import eventually

from api_gateway.adapters.http.crowd import ORDINARY, STANDING_SECONDS, WATCHED_FROM, Crowd
from api_gateway.adapters.http.watch import watch

PATIENCE_SECONDS = 5


class Service:
    """Counts empty calls; `failure` is raised by them."""

    def __init__(self) -> None:
        self.calls = 0
        self.failure: Unavailable | None = None

    async def call(self) -> None:
        self.calls += 1
        if self.failure is not None:
            raise self.failure


@asynccontextmanager
async def watched(crowd: Crowd, service: Service) -> AsyncIterator[None]:
    task = asyncio.create_task(watch(crowd, service.call))
    try:
        yield
        assert not task.done()
    finally:
        task.cancel()


def fill(crowd: Crowd, count: int) -> ExitStack:
    waiting = ExitStack()
    for _ in range(count):
        waiting.enter_context(crowd)
    return waiting


async def test_a_service_is_asked_again_and_again_while_there_is_a_crowd() -> None:
    crowd, service = Crowd("things-service"), Service()
    async with watched(crowd, service):
        with fill(crowd, WATCHED_FROM):
            await eventually(lambda: service.calls >= 3, PATIENCE_SECONDS)
        await eventually(lambda: not crowd.grown.is_set(), PATIENCE_SECONDS)


async def test_what_was_measured_of_one_crowd_says_nothing_of_the_next() -> None:
    now = 0.0

    async def slow() -> None:
        nonlocal now
        now += 2 * STANDING_SECONDS

    crowd = Crowd("things-service", lambda: now)
    task = asyncio.create_task(watch(crowd, slow))
    with fill(crowd, WATCHED_FROM):
        await eventually(lambda: now > 0, PATIENCE_SECONDS)
    await eventually(lambda: not crowd.grown.is_set(), PATIENCE_SECONDS)
    task.cancel()
    with fill(crowd, ORDINARY):
        assert not crowd.refuses()


async def test_a_few_who_wait_cost_no_call() -> None:
    few, many = Crowd("few-service"), Crowd("many-service")
    quiet, asked = Service(), Service()
    async with watched(few, quiet), watched(many, asked):
        with fill(few, WATCHED_FROM - 1), fill(many, WATCHED_FROM):
            await eventually(lambda: asked.calls >= 2, PATIENCE_SECONDS)
    assert quiet.calls == 0


async def test_a_service_that_refuses_is_asked_on() -> None:
    crowd, service = Crowd("things-service"), Service()
    service.failure = Unavailable()
    async with watched(crowd, service):
        with fill(crowd, WATCHED_FROM):
            await eventually(lambda: service.calls >= 3, PATIENCE_SECONDS)
    assert not crowd.is_shedding
