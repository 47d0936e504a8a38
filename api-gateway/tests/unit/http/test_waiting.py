"""Whether a service has many wait or few is a matter of its queue, not of its time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import pytest
from service_kit.testing import eventually

from api_gateway.adapters.http.crowd import FEWEST, MOST_UNSEEN, ORDINARY, STANDING_SECONDS
from api_gateway.adapters.http.watch import watch
from tests.unit.http.door_world import GET, Place, connected, opened


@pytest.fixture
async def place(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    async with opened(monkeypatch) as found:
        yield found


@asynccontextmanager
async def held(place: Place, count: int) -> AsyncIterator[list[asyncio.StreamReader]]:
    """Connections that have asked for something slow, one after the other."""
    readers, writers = [], []
    for _ in range(count):
        reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
        writer.write(GET.replace(b"/things", b"/slow") + b"\r\n")
        readers.append(reader)
        writers.append(writer)
    yield readers
    for writer in writers:
        writer.close()


async def statuses(readers: list[asyncio.StreamReader]) -> list[bytes]:
    async with asyncio.timeout(10):
        return [(await reader.readline()).split()[1] for reader in readers]


def let_in(place: Place, count: int) -> bool:
    """Whether so many wait, and an empty call has shown that as many may come again."""
    return place.things.entered == count and place.crowd.limit >= count + MOST_UNSEEN


async def test_a_service_that_takes_its_time_has_hundreds_wait(place: Place) -> None:
    async def quick() -> None:
        """Nothing stands in the way."""

    watching = asyncio.create_task(watch(place.crowd, quick))
    waiting: list[asyncio.StreamReader] = []
    async with AsyncExitStack() as stack:
        while len(waiting) < 200:
            waiting += await stack.enter_async_context(held(place, MOST_UNSEEN - 8))
            await eventually(partial(let_in, place, len(waiting)))
        place.things.gate.set()
        assert set(await statuses(waiting)) == {b"200"}
    watching.cancel()


async def test_a_service_whose_queue_stands_has_few_wait(place: Place) -> None:
    async def queued() -> None:
        await asyncio.sleep(STANDING_SECONDS * 4)

    watching = asyncio.create_task(watch(place.crowd, queued))
    async with held(place, ORDINARY) as first:
        await eventually(lambda: place.things.entered == ORDINARY)
        async with connected(place) as client:

            async def is_full() -> bool:
                return (await client.ask(GET, b"\r\n"))[0] == 503 and place.crowd.limit == FEWEST

            await eventually(is_full)
        place.things.gate.set()
        assert set(await statuses(first)) == {b"200"}
    watching.cancel()
