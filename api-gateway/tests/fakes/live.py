"""Inboxes, what is told of them, carriers and a clock, all in memory."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

from service_kit.errors import AppError, NotFound, Unavailable

from api_gateway.application.live.closing import Closing
from api_gateway.application.live.frames import Frame
from api_gateway.application.live.inbox import (
    Delivered,
    Entry,
    Happening,
    InboxState,
    Missed,
    Subscribed,
    UnreadChanged,
    Withdrawn,
)
from api_gateway.application.live.ports import Listener
from api_gateway.domain.principal import InvalidToken, Principal, Revoked, TokenExpired
from tests.live.builders import a_notification, a_principal


class ManualClock:
    """Stands still until it is told; while it is only set to another time, none passes."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now
        self._passed = 0.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds
        self._passed += seconds

    def monotonic(self) -> float:
        return self._passed


class InMemorySource:
    """One replica; while it is `down` it tells nothing, and `deaf` ones lose what they hear."""

    def __init__(self, inboxes: "InMemoryInboxes") -> None:
        self.inboxes = inboxes
        self.subscribed: set[int] = set()
        self.requests: list[tuple[str, list[int]]] = []
        self.down = False
        self.deaf = False
        self._listener: Listener | None = None
        self._down = asyncio.Event()

    def subscribe(self, user_ids: Iterable[int]) -> None:
        ids = list(user_ids)
        self.requests.append(("subscribe", ids))
        if self.down:
            return
        self.subscribed.update(ids)
        for user_id in ids:
            self._tell(Subscribed(user_id, self.inboxes.state(user_id)))

    def confirm(self, user_ids: Iterable[int]) -> None:
        self.subscribe(user_ids)

    def unsubscribe(self, user_ids: Iterable[int]) -> None:
        ids = list(user_ids)
        self.requests.append(("unsubscribe", ids))
        self.subscribed.difference_update(ids)

    async def run(self, listener: Listener) -> None:
        self._listener = listener
        self.come_up()
        await asyncio.Event().wait()

    def go_down(self) -> None:
        """The stream breaks."""
        self.down = True
        self.subscribed.clear()
        if self._listener is not None:
            self._listener.lost(self)

    def come_up(self) -> None:
        """The stream is opened again."""
        self.down = False
        if self._listener is not None:
            self.subscribe(self._listener.user_ids())

    def tell(self, what: Happening) -> None:
        """Tell what happened, if anybody listens; as over a network, a little later."""
        if what.user_id in self.subscribed and not self.deaf:
            self._tell(what)

    def _tell(self, what: Happening) -> None:
        if self._listener is not None:
            asyncio.get_running_loop().call_soon(self._listener.happened, self, what)


class InMemoryInboxes:
    """Where notifications are kept, and the replicas that tell of them."""

    def __init__(self) -> None:
        self.entries: dict[int, list[Entry]] = {}
        self.unread: dict[int, int] = {}
        self.asked: list[tuple[int, int]] = []
        self.away = False
        self.payload = b'{"n":1}'
        self.sources = [InMemorySource(self)]
        self.tellers: list[Callable[[Happening], None]] = []

    def state(self, user_id: int) -> InboxState:
        return InboxState(len(self.entries.get(user_id, [])), self.unread.get(user_id, 0))

    def add(self, user_id: int = 1, count: int = 1) -> None:
        for _ in range(count):
            entries = self.entries.setdefault(user_id, [])
            one = a_notification(len(entries) + 1, user_id, self.payload)
            entries.append(Entry(one))
            self.unread[user_id] = self.unread.get(user_id, 0) + 1
            self._tell(Delivered(entries[-1], self.unread[user_id], committed_at=1.0))

    def withdraw(self, seq: int, user_id: int = 1) -> None:
        one = self.entries[user_id][seq - 1].notification
        self.entries[user_id][seq - 1] = Entry(one, withdrawn=True)
        self.unread[user_id] -= 1
        self._tell(Withdrawn(user_id, one.id, seq, self.unread[user_id]))

    async def list_since(self, user_id: int, after_seq: int, limit: int) -> Missed:
        self.asked.append((user_id, after_seq))
        await asyncio.sleep(0)
        if self.away:
            raise Unavailable
        entries = self.entries.get(user_id, [])[after_seq : after_seq + limit]
        return Missed(tuple(entries), self.state(user_id))

    async def mark_read(self, notification_id: int, caller_id: int) -> bool:
        if not 100 < notification_id <= 100 + len(self.entries.get(caller_id, [])):
            raise NotFound("notification not found", code="NOTIFICATION_NOT_FOUND")
        self.unread[caller_id] -= 1
        self._tell(UnreadChanged(caller_id, self.unread[caller_id]))
        return False

    async def mark_all_read(self, user_id: int, up_to_seq: int | None) -> int:
        read, self.unread[user_id] = self.unread.get(user_id, 0), 0
        self._tell(UnreadChanged(user_id, 0))
        return read

    async def mark_seen(self, user_id: int, up_to_seq: int | None) -> tuple[int, int]:
        seen = self.state(user_id).last_seq if up_to_seq is None else up_to_seq
        unread = self.unread.get(user_id, 0)
        self._tell(UnreadChanged(user_id, unread, seen_up_to_seq=seen, unseen=0))
        return 0, seen

    def _tell(self, what: Happening) -> None:
        for tell in [*(source.tell for source in self.sources), *self.tellers]:
            tell(what)


class RecordingCarrier:
    """A client that takes frames, unless it is `blocked`."""

    name = "websocket"

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.closed: Closing | None = None
        self.unsent = 0
        self.aborted = False
        self.gone = False
        self._free = asyncio.Event()
        self._free.set()

    @property
    def types(self) -> list[str]:
        return [frame.type for frame in self.frames]

    @property
    def seqs(self) -> list[int | None]:
        return [frame.seq for frame in self.frames if frame.seq is not None]

    def block(self) -> None:
        self._free.clear()

    def unblock(self) -> None:
        self._free.set()

    async def send(self, frame: Frame) -> None:
        await self._free.wait()
        if self.gone:
            raise OSError("gone")
        self.frames.append(frame)

    async def close(self, closing: Closing) -> None:
        await self._free.wait()
        self.closed = closing

    def dropped(self, frames: int) -> None:
        self.unsent += frames

    def abort(self) -> None:
        self.aborted = True


class InMemoryRevocations:
    """Tells those who watch what a test revokes."""

    def __init__(self) -> None:
        self._watchers: list[asyncio.Queue[Revoked | AppError]] = []
        self.watched = 0

    def revoke(
        self, user_id: int, session_id: str | None = None, issued_before: float = 1e12
    ) -> None:
        self._put(Revoked(user_id, session_id, None, issued_before))

    def break_off(self) -> None:
        self._put(Unavailable())

    @asynccontextmanager
    async def watch(self) -> AsyncIterator[AsyncIterator[Revoked]]:
        queue: asyncio.Queue[Revoked | AppError] = asyncio.Queue()
        self._watchers.append(queue)
        self.watched += 1
        try:
            yield _until_broken(queue)
        finally:
            self._watchers.remove(queue)

    def _put(self, what: Revoked | AppError) -> None:
        for queue in self._watchers:
            queue.put_nowait(what)


async def _until_broken(queue: asyncio.Queue[Revoked | AppError]) -> AsyncIterator[Revoked]:
    while True:
        what = await queue.get()
        if isinstance(what, AppError):
            raise what
        yield what


class KnownTokens:
    """Tokens that live as long as a test says."""

    def __init__(self) -> None:
        self._known: dict[str, Principal] = {}

    def of(self, user_id: int = 1, session_id: str = "s1", seconds: float = 1000.0) -> str:
        """A fresh token; it has the form of one."""
        token = f"u.{user_id}.{len(self._known)}"
        self._known[token] = a_principal(user_id, session_id, time.time() + seconds)
        return token

    async def verify(self, token: str) -> Principal:
        if token not in self._known:
            raise InvalidToken
        if self._known[token].expires_at <= time.time():
            raise TokenExpired
        return self._known[token]
