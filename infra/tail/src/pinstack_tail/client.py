"""The live channel as a stream of events that no break of the connection ends."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from pinstack_tail.account import API, Account
from pinstack_tail.delays import Delays
from pinstack_tail.endings import ending_of_close, ending_of_refusal
from pinstack_tail.errors import Ending, Stopped, Then, Unreachable
from pinstack_tail.frames import (
    Frame,
    Marked,
    Notification,
    Ready,
    Refused,
    Reset,
    TokenExpiring,
    Told,
    Unread,
    Withdrawn,
    frame_from_json,
)
from pinstack_tail.place import Gap, Place

PROTOCOL: Final = Subprotocol("pinstack.v1")
_RENEW_AGAIN_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Online:
    """Connected; `missed` notifications follow before the live ones."""

    seq: int
    unread: int
    missed: int


@dataclass(frozen=True, slots=True)
class Offline:
    """Not connected; the client comes back by itself in `retry_in` seconds."""

    why: str
    retry_in: float


@dataclass(frozen=True, slots=True)
class Feed:
    """Too much was missed: the newest of the inbox, newest first, in place of all of it."""

    notifications: Sequence[Notification]
    seq: int
    unread: int


Event = Online | Offline | Feed | Told | Withdrawn | Unread | Marked | Refused


class LiveClient:
    """One device of somebody. `seq`, the last one seen, is all that it needs to be kept."""

    def __init__(
        self,
        gateway: str,
        account: Account,
        after_seq: int | None = None,
        delays: Delays = Delays(),  # noqa: B008 - frozen
    ) -> None:
        """`gateway` is `http://host:port`; without `after_seq` the client begins with "now"."""
        self._url = gateway.rstrip("/").replace("http", "ws", 1) + f"{API}/notification/ws"
        self._account = account
        self._place = Place(after_seq)
        self._delays = delays
        self._failures = 0
        self._token = ""
        self._renew_at: float | None = None
        self._socket: ClientConnection | None = None

    @property
    def seq(self) -> int | None:
        """The last seq seen; None before the first connection of a client that began with now."""
        return self._place.seq

    async def events(self) -> AsyncGenerator[Event, None]:
        """What happens, for ever: every notification once, in order, over every break.

        Raises SignedOut where the session is over, Stopped where coming back would not help.
        Close the generator (`contextlib.aclosing`) to go offline.
        """
        while True:
            try:
                async with aclosing(self._connection()) as connection:
                    async for event in connection:
                        yield event
            except InvalidStatus as refusal:
                ending = ending_of_refusal(refusal)
            except ConnectionClosed as closed:
                ending = ending_of_close(closed)
            except Gap as gap:
                ending = Ending(Then.RESUME, str(gap))
            except Unreachable as error:
                ending = Ending(Then.WAIT, str(error), error.retry_after)
            except (OSError, TimeoutError, InvalidHandshake) as error:
                ending = Ending(Then.WAIT, f"no connection: {error}")
            offline = self._offline(ending)
            yield offline
            await asyncio.sleep(offline.retry_in)

    async def read(self, notification_id: int) -> None:
        """Mark one as read; other devices are told. Raises ConnectionClosed while offline."""
        await self._say({"type": "read", "id": notification_id})

    async def read_all(self) -> None:
        """Mark all that this client has seen as read, none that it has not.

        Raises ConnectionClosed while offline, Unreachable where the client does not know yet what
        it has seen.
        """
        if self._place.seq is None:  # without a seq, the server would take it for all there is
            raise Unreachable("not ready")
        await self._say({"type": "read_all", "up_to_seq": self._place.seq})

    def _offline(self, ending: Ending) -> Offline:
        """When to come back. Raises Stopped where there is no use in it."""
        if ending.then is Then.STOP:
            raise Stopped(ending.why)
        if ending.then is Then.RENEW:
            # The account tells by this which token is not wanted any more.
            self._renew_at = 0.0
        at_once = ending.then is not Then.WAIT and self._failures == 0
        self._failures += 1
        delay = 0.0 if at_once else self._delays.after(self._failures)
        return Offline(ending.why, max(delay, ending.retry_after or 0.0))

    async def _connection(self) -> AsyncGenerator[Event, None]:
        """One connection, from its opening to its end, which is raised."""
        if self._renew_at is not None:
            self._token = await self._account.renew(self._token)
        else:
            self._token = await self._account.access_token()
        self._renew_at = None
        headers = {"authorization": f"Bearer {self._token}"}
        # The library pings, and so notices a server that is gone without a word.
        async with connect(
            self._url, additional_headers=headers, subprotocols=[PROTOCOL], proxy=None
        ) as socket:
            self._socket = socket
            await self._say({"type": "resume", "after_seq": self._place.seq})
            while True:
                frame = await self._next(socket)
                event = await self._take(frame) if frame is not None else None
                if event is not None:
                    if self._proves(event):
                        self._failures = 0
                    yield event

    async def _next(self, socket: ClientConnection) -> Frame | None:
        """The next frame; None where the token has to be renewed first, or for a ping."""
        wait = None if self._renew_at is None else max(0.0, self._renew_at - time.monotonic())
        try:
            async with asyncio.timeout(wait):
                return frame_from_json(await socket.recv())
        except TimeoutError:
            await self._renew()
            return None

    async def _take(self, frame: Frame) -> Event | None:
        match frame:
            case Ready(seq, unread):
                self._place.start(seq)
                return Online(seq, unread, missed=max(0, seq - (self._place.seq or 0)))
            case Told(seq) | Withdrawn(seq=int(seq)):
                return frame if self._place.step(seq) else None
            case Reset(seq):
                feed = Feed(await self._account.feed(), seq, await self._account.unread())
                self._place.seq = seq
                return feed
            case TokenExpiring():
                await self._renew()
                return None
            case _:
                return frame

    def _proves(self, event: Event) -> bool:
        """Whether the connection is shown to be good: a reset may follow `ready`, and fail."""
        if isinstance(event, Online):
            return event.seq == self._place.seq
        return not isinstance(event, Refused)

    async def _renew(self) -> None:
        """Give the connection a new token; one that cannot be had now is asked for again soon."""
        try:
            self._token = await self._account.renew(self._token)
        except Unreachable:
            self._renew_at = time.monotonic() + _RENEW_AGAIN_SECONDS
        else:
            self._renew_at = None
            await self._say({"type": "token", "access_token": self._token})

    async def _say(self, frame: dict[str, object]) -> None:
        if self._socket is None:
            raise Unreachable("not connected")
        said = {name: value for name, value in frame.items() if value is not None}
        await self._socket.send(json.dumps(said))
