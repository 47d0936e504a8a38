"""Live delivery within one process: what is committed here goes to the streams that watch."""

import asyncio
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from notification_service.application.ports import Clock
from notification_service.domain.errors import StreamClosing, SubscriberTooSlow
from notification_service.domain.events import Event, NotificationCreated
from notification_service.domain.media import MediaProcessed
from notification_service.domain.models import InboxState

_FRAME_BYTES: Final = 400
"""About what a frame takes in memory beside its payload."""


@dataclass(frozen=True, slots=True)
class Announced:
    """An event, and when it was committed."""

    event: Event
    committed_at: datetime

    @property
    def weight(self) -> int:
        """Bytes that it takes while it waits to be sent, about."""
        event = self.event
        payload = event.notification.payload if isinstance(event, NotificationCreated) else None
        return _FRAME_BYTES + len(payload or b"")


@dataclass(frozen=True, slots=True)
class Subscribed:
    """From this state on nothing that happens in the inbox is missed.

    `due_seq` is the newest notification that is to be pushed now; 0 in quiet hours.
    """

    state: InboxState
    due_seq: int
    weight: int = _FRAME_BYTES


@dataclass(frozen=True, slots=True)
class Passing:
    """What is told to whoever watches now, and to nobody later."""

    media: MediaProcessed
    weight: int = _FRAME_BYTES


Frame = Announced | Subscribed | Passing


@dataclass(eq=False, slots=True)
class Turn:
    """The place of some events, by inbox, in the order of commits; taken before the commit."""

    events: dict[int, list[Event]]
    settled_at: datetime | None = None


class Hub:
    """Brings events to the streams, each inbox's in the order of its commits."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._watching: dict[int, set[Stream]] = {}
        self._turns: dict[int, deque[Turn]] = {}
        self._streams: set[Stream] = set()
        self._is_closed = False

    def take_turn(self, events: Sequence[Event]) -> Turn:
        """Keep a place for events whose inboxes are locked, until they are settled.

        Whoever changes such an inbox next gets its lock after the commit, so its turn after this.
        """
        turn = Turn({})
        for event in events:
            turn.events.setdefault(event.inbox.user_id, []).append(event)
        for user_id in turn.events:
            self._turns.setdefault(user_id, deque()).append(turn)
        return turn

    def settle(self, turn: Turn, *, is_committed: bool) -> None:
        """Send the events of a turn, and of those that waited for it; or drop them."""
        turn.settled_at = self._clock()
        for user_id, events in turn.events.items():
            if not is_committed:
                events.clear()
            self._publish(user_id)

    def tell(self, media: MediaProcessed) -> None:
        """Tell the streams that hear of its owner."""
        for stream in list(self._watching.get(media.owner_id, ())):
            stream.pass_on(Passing(media))

    def open(self, capacity: int) -> "Stream":
        """A stream that holds up to `capacity` bytes that its reader has not taken."""
        stream = Stream(self, capacity)
        self._streams.add(stream)
        if self._is_closed:
            stream.end(StreamClosing())
        return stream

    def close(self) -> None:
        """End every stream; the process is about to stop."""
        self._is_closed = True
        for stream in list(self._streams):
            stream.end(StreamClosing())

    def watch(self, stream: "Stream", user_id: int) -> None:
        """Let a stream hear of an inbox."""
        self._watching.setdefault(user_id, set()).add(stream)

    def unwatch(self, stream: "Stream", user_id: int) -> None:
        """Let it hear no more of it."""
        watching = self._watching.get(user_id, set())
        watching.discard(stream)
        if not watching:
            self._watching.pop(user_id, None)

    def forget(self, stream: "Stream") -> None:
        """Know a stream no longer."""
        self._streams.discard(stream)

    def _publish(self, user_id: int) -> None:
        turns = self._turns[user_id]
        while turns and (at := turns[0].settled_at) is not None:
            events = turns.popleft().events[user_id]
            for stream in list(self._watching.get(user_id, ())):
                for event in events:
                    stream.put(Announced(event, at))
        if not turns:
            del self._turns[user_id]


class Stream:
    """What one subscriber is to be sent. Its memory is bounded: a slow one is ended.

    While an inbox is being subscribed to, what happens there is held back, so that the subscriber
    hears of it after `Subscribed`, and only if that did not tell it already.
    """

    def __init__(self, hub: Hub, capacity: int) -> None:
        self._hub = hub
        self._capacity = capacity
        self._queue: deque[Frame] = deque()
        self._held: dict[int, list[Announced]] = {}
        self._user_ids: set[int] = set()
        self._weight = 0
        self._news = asyncio.Event()
        self._end: BaseException | None = None

    def subscribe(self, user_ids: Collection[int]) -> None:
        """Hear of inboxes, from `acknowledge` on; once ended, a stream hears of nothing."""
        for user_id in user_ids if self._end is None else ():
            self._held.setdefault(user_id, [])
            self._user_ids.add(user_id)
            self._hub.watch(self, user_id)

    def acknowledge(self, states: Collection[InboxState], quiet: Collection[int] = ()) -> None:
        """Tell where inboxes stand; the states are read after `subscribe`.

        To those of `quiet` nothing is to be pushed now.
        """
        for state in states:
            held = self._held.pop(state.user_id, [])
            self._weight -= sum(frame.weight for frame in held)
            self._add(Subscribed(state, 0 if state.user_id in quiet else state.live_seq))
            for frame in held:
                if frame.event.inbox.version > state.version:
                    self._add(frame)

    def unsubscribe(self, user_ids: Collection[int]) -> None:
        """Hear no more of inboxes."""
        for user_id in user_ids:
            self._user_ids.discard(user_id)
            self._weight -= sum(frame.weight for frame in self._held.pop(user_id, []))
            self._hub.unwatch(self, user_id)

    def put(self, frame: Announced) -> None:
        """Add what happened in an inbox that this stream hears of."""
        held = self._held.get(frame.event.inbox.user_id)
        if held is None:
            self._add(frame)
        elif self._has_room_for(frame):
            held.append(frame)

    def pass_on(self, frame: Passing) -> None:
        """Add what has no place in an inbox, so that it waits for none."""
        self._add(frame)

    async def next(self, patience: float) -> Frame | None:
        """The next frame; None where there is none for `patience` seconds.

        Raises what ended the stream: `SubscriberTooSlow`, `StreamClosing`, or whatever else.
        """
        while not self._queue:
            if self._end is not None:
                raise self._end
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), patience)
            except TimeoutError:
                return None
        frame = self._queue.popleft()
        self._weight -= frame.weight
        return frame

    def end(self, reason: BaseException) -> None:
        """Take no more frames, and drop those that wait."""
        self._end = self._end or reason
        self.unsubscribe(list(self._user_ids))
        self._queue.clear()
        self._weight = 0
        self._hub.forget(self)
        self._news.set()

    def _add(self, frame: Frame) -> None:
        if self._has_room_for(frame):
            self._queue.append(frame)
            self._news.set()

    def _has_room_for(self, frame: Frame) -> bool:
        if self._end is not None:
            return False
        self._weight += frame.weight
        if self._weight > self._capacity:
            self.end(SubscriberTooSlow())
            return False
        return True
