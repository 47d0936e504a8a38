"""A client under test, and what it has told so far."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field

from pinstack_tail.account import Account
from pinstack_tail.client import Event, LiveClient, Offline, Online
from pinstack_tail.delays import Delays
from pinstack_tail.frames import Told

from tests.fakes import FakeGateway

PATIENCE_SECONDS = 10
AT_ONCE = Delays(first=0.001, longest=0.002)


@dataclass(frozen=True, slots=True)
class NotedDelays(Delays):
    """None at all, and what they were asked after: so many failures in a row."""

    asked: list[int] = field(default_factory=list)

    def after(self, failures: int) -> float:
        self.asked.append(failures)
        return 0.0


class Device:
    """Runs a client by asking for events, one at a time."""

    def __init__(self, client: LiveClient, events: AsyncIterator[Event]) -> None:
        self.client = client
        self._events = events

    async def next(self) -> Event:
        """The next event."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await anext(self._events)

    async def online(self) -> Online:
        """The next event, which is that it is connected."""
        event = await self.next()
        assert isinstance(event, Online), event
        return event

    async def offline(self) -> Offline:
        """The next event, which is that it is not connected any more."""
        event = await self.next()
        assert isinstance(event, Offline), event
        return event

    async def seqs(self, count: int) -> list[int]:
        """The seqs of so many notifications, whatever else comes between them."""
        seqs: list[int] = []
        while len(seqs) < count:
            if isinstance(event := await self.next(), Told):
                seqs.append(event.seq)
        return seqs

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Go on until something is so; what is told meanwhile does not matter."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            going = asyncio.ensure_future(anext(self._events))
            while not is_so():
                await asyncio.wait([going], timeout=0.01)
                if going.done():
                    going = asyncio.ensure_future(anext(self._events))
            going.cancel()
            await asyncio.wait([going])


@asynccontextmanager
async def device(
    gateway: FakeGateway, after_seq: int | None = None, delays: Delays = AT_ONCE
) -> AsyncIterator[Device]:
    """One that is signed in."""
    async with gateway.http as http:
        account = await Account.log_in(http, "ada", "secret123")
        client = LiveClient(gateway.url, account, after_seq, delays)
        async with aclosing(client.events()) as events:
            yield Device(client, events)
