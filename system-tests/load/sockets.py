"""Live connections of people, and when each frame came."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from load.loading import Person

PATH: Final = "/api/v1/notification/ws"
_PROTOCOL: Final = Subprotocol("pinstack.v1")


@dataclass
class Heard:
    """The notifications that arrived; `delays_ms` are from the commit of what they tell of."""

    delays_ms: list[float] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, frame: dict[str, Any]) -> None:
        """A frame has come just now."""
        if frame["type"] == "notification":
            committed = datetime.fromisoformat(frame["data"]["payload"]["timestamptz"])
            self.delays_ms.append((datetime.now(UTC) - committed).total_seconds() * 1000)
            self.news.set()

    async def reaches(self, count: int, seconds: float) -> bool:
        """Wait until so many have arrived; False where they have not in time."""
        deadline = time.monotonic() + seconds
        while len(self.delays_ms) < count:
            self.news.clear()
            try:
                async with asyncio.timeout(deadline - time.monotonic()):
                    await self.news.wait()
            except TimeoutError:
                return False
        return True


@asynccontextmanager
async def listening(url: str, people: Sequence[Person]) -> AsyncIterator[Heard]:
    """A socket for each of some people while the block runs, from now on."""
    heard = Heard()
    async with AsyncExitStack() as stack:
        group = await stack.enter_async_context(asyncio.TaskGroup())
        for person in people:
            socket = await _opened(url, person)
            stack.push_async_callback(socket.close)
            group.create_task(_listen(socket, heard))
        yield heard


async def _opened(url: str, person: Person) -> ClientConnection:
    socket = await connect(
        url.replace("http", "ws", 1) + PATH,
        additional_headers={"authorization": f"Bearer {person.token}"},
        subprotocols=[_PROTOCOL],
        compression=None,
        proxy=None,
    )
    await socket.send('{"type":"resume"}')
    assert json.loads(await socket.recv())["type"] == "ready"
    return socket


async def _listen(socket: ClientConnection, heard: Heard) -> None:
    async for text in socket:
        heard.note(json.loads(text))
