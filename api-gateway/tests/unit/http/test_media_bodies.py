"""Who reads long bodies slowly takes no more of the services behind than is set apart for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from service_kit.testing import eventually
from starlette.types import Message

from api_gateway.adapters.http.body_places import BodyPlaces
from tests.unit.http.media_world import World, a_world

LONG = b"video" * 20_000
HERE, THERE = "203.0.113.9", "203.0.113.10"


class StuckReader:
    """Takes the head of an answer, and nothing of its body before it is `free`."""

    def __init__(self) -> None:
        self.status = 0
        self.read = 0
        self.is_left = False
        self.free = asyncio.Event()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        await self.free.wait()
        self.read += len(message["body"])

    def leave(self, _: asyncio.Task[None]) -> None:
        """The gateway sends no more."""
        self.is_left = True


@asynccontextmanager
async def reading(world: World, path: str, address: str = HERE) -> AsyncIterator[StuckReader]:
    """A stuck reader of what is at an address of media, while the block runs."""
    reader = StuckReader()
    scope = {
        "type": "http",
        "method": "GET",
        "path": f"/media/{path}",
        "headers": [],
        "client": (address, 40000),
    }
    task = asyncio.create_task(world.app(scope, _nothing, reader.send))
    task.add_done_callback(reader.leave)
    await eventually(lambda: reader.status)
    try:
        yield reader
    finally:
        reader.free.set()
        await task


async def _nothing() -> Message:
    return {"type": "http.request"}


async def a_clip(world: World) -> str:
    answer = await world.sent(LONG)
    return f"{answer.json()['data']['id']}-large.jpg"


async def test_a_stuck_reader_holds_its_place_until_its_body_is_sent() -> None:
    async with a_world(BodyPlaces(5, places=1)) as world:
        path = await a_clip(world)
        async with reading(world, path, THERE) as reader:
            refused = await world.read(path)
        again = await world.read(path)
    assert (refused.status_code, refused.json()["code"]) == (503, "SERVER_OVERLOADED")
    assert int(refused.headers["retry-after"]) >= 1
    assert (reader.status, reader.read) == (200, len(LONG))
    assert (again.status_code, again.content) == (200, LONG)


async def test_one_address_does_not_take_the_places_of_all() -> None:
    async with a_world(BodyPlaces(5, to_one=1)) as world:
        path = await a_clip(world)
        async with reading(world, path):
            refused = await world.read(path)
            async with reading(world, path, THERE) as other:
                assert other.status == 200
        again = await world.read(path)
    assert (refused.status_code, refused.json()["code"]) == (429, "TOO_MANY_DOWNLOADS")
    assert int(refused.headers["retry-after"]) >= 1
    assert again.status_code == 200


async def test_what_is_sent_at_once_needs_no_place() -> None:
    async with a_world(BodyPlaces(5, places=1)) as world:
        path = await a_clip(world)
        await world.sent(b"image")
        async with reading(world, path), reading(world, "2-large.jpg"):
            small, part = await world.read("2-large.jpg"), await world.read(path, range="bytes=0-4")
            head = await world.client.head(f"http://gateway/media/{path}")
    assert (small.status_code, small.content) == (200, b"image")
    assert (part.status_code, part.content) == (206, b"video")
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(LONG)))


async def test_a_reader_that_takes_too_long_gives_its_place_back() -> None:
    async with a_world(BodyPlaces(0.05, places=1)) as world:
        path = await a_clip(world)
        async with reading(world, path) as reader:
            await eventually(lambda: reader.is_left)
            answer = await world.read(path)
    assert (answer.status_code, reader.read) == (200, 0)
