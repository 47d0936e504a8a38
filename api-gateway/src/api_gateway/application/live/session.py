"""What one client has seen of an inbox, and what it is sent next: no gap, no repeat, in order."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from api_gateway.application.live.frames import (
    Frame,
    ready_frame,
    reset_frame,
    tombstone_frame,
    unread_frame,
    withdrawn_frame,
)
from api_gateway.application.live.inbox import InboxState, Withdrawn

MISSED_MAX: Final = 1000
"""A client that missed more reads the feed instead (contracts, part 4)."""


class Phase(Enum):
    """Before `resume`, between `resume` and `ready`, and after."""

    WAITING = auto()
    ASKED = auto()
    LIVE = auto()


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A withdrawal in the two forms that a client may need, made once for all of a user's."""

    what: Withdrawn
    seen: Frame
    unseen: Frame


def withdrawal(what: Withdrawn) -> Withdrawal:
    """Both forms of a withdrawal."""
    return Withdrawal(
        what,
        withdrawn_frame(what.notification_id, what.unread),
        tombstone_frame(what.notification_id, what.seq, what.unread),
    )


@dataclass(frozen=True, slots=True)
class Filling:
    """Frames of the entries after a seq, made once for all that asked for the same."""

    frames: Sequence[Frame]
    state: InboxState


@dataclass(slots=True)
class Session:
    """The state of one client; every input returns the frames that it causes.

    `last` is the seq that the client has reached, `head` the newest one known to be due; where they
    differ, what arrives after the gap is not kept but fetched (`missing`). What is silent is not
    due: it is fetched, in its place, before the next one that is.
    """

    phase: Phase = Phase.WAITING
    last: int = 0
    head: int = 0
    _after: int | None = None
    _doubtful: bool = False
    _told: int = 0
    _unread: int = 0
    _heard_at: int = -1
    _silent_to: int = 0
    _gone: dict[int, Frame] = field(default_factory=dict)

    @property
    def missing(self) -> int | None:
        """The seq after which the next entries must be fetched, None while nothing is missing."""
        if self._doubtful:
            return self._after
        return self.last if self.phase is Phase.LIVE and self.last < self.head else None

    def resume(self, after_seq: int | None, state: InboxState | None) -> list[Frame]:
        """The client says what it saw last (None: go on from now); `state` where it is known."""
        self.phase, self._after = Phase.ASKED, after_seq
        return [] if state is None else self.positioned(state)

    def positioned(self, state: InboxState, due_seq: int | None = None) -> list[Frame]:
        """How far the inbox has come, and how far it is due; nothing after that is missed."""
        if self.phase is Phase.WAITING:
            return []
        if self.phase is Phase.ASKED:
            # A client may be ahead of what this process was told: the inbox itself is asked.
            self._doubtful = self._after is not None and self._after > state.last_seq
            return [] if self._doubtful else self._start(state)
        if state.last_seq < self.head:
            return []  # older than what has arrived since
        if due_seq is not None and due_seq < state.last_seq:
            self._silent_to = max(self._silent_to, state.last_seq)
            if due_seq > self.head:
                return self._advanced_to(due_seq, state.unread)
            if state.unread < self._unread:  # what is silent only adds: some were read unheard
                self._hear(state.unread)
            return self._settled([])
        return self._advanced_to(state.last_seq, state.unread)

    def notified(self, frame: Frame, *, silent: bool = False) -> list[Frame]:
        """A new entry arrives; a silent one waits until something is due."""
        seq, unread = frame.seq or 0, frame.unread or 0
        if silent:
            self._silent_to = max(self._silent_to, seq)
            return []
        if self.phase is not Phase.LIVE:
            self.head = max(self.head, seq)
            return []
        if seq <= self.last:
            return []
        if seq == self.last + 1:
            return self._next(frame)
        if seq <= self.head:
            return []  # it is being fetched
        return self._advanced_to(seq, unread)

    def withdrawn(self, withdrawal: Withdrawal) -> list[Frame]:
        """A notification is gone, which the client may or may not have seen."""
        seq, unread = withdrawal.what.seq, withdrawal.what.unread
        if self.phase is not Phase.LIVE:
            return []
        if max(self.last, self.head) < seq <= self._silent_to:
            self._gone_unheard(withdrawal)
            return []
        if seq <= self.last:
            self._hear(unread)
            self._told = unread
            return [withdrawal.seen]
        if seq == self.last + 1:
            return self._next(withdrawal.unseen)
        self._gone[seq] = withdrawal.unseen  # a fetch under way may still have found it
        return self._advanced_to(seq, unread)

    def unread(self, unread: int) -> list[Frame]:
        """The count has changed."""
        if self.phase is not Phase.LIVE:
            return []
        self._hear(unread)
        return self._settled([])

    def marked(self, marks: Sequence[Frame], unread: int) -> list[Frame]:
        """Some were read, seen or archived; frames that say so move nothing."""
        if self.phase is not Phase.LIVE:
            return []
        return [*self.unread(unread), *marks]

    def passing(self, frame: Frame) -> list[Frame]:
        """Something of the moment, which moves nothing; before `ready` there is no moment."""
        return [frame] if self.phase is Phase.LIVE else []

    def fetching(self) -> None:
        """What is missing is being fetched: a count that arrives from here on is the newer one."""
        self._heard_at = -1

    def filled(self, filling: Filling) -> list[Frame]:
        """What was fetched after `missing`."""
        sent: list[Frame] = []
        if self._doubtful:
            self._doubtful = False
            sent = self._start(filling.state)
        if filling.state.last_seq > self._heard_at:
            # What was fetched is newer than the count that has arrived.
            self._unread = filling.state.unread
        self.head = max(self.head, filling.state.last_seq)
        for frame in filling.frames:
            seq = frame.seq or 0
            if seq > self.last + 1:  # the inbox no longer holds what the client has not seen
                sent.append(self._reset())
                break
            if seq > self.last:
                sent.append(self._passed(frame))
        if not (sent or filling.frames) and filling.state.last_seq > self.last:
            sent.append(self._reset())  # nor does it hold any of the newest any more
        return self._settled(sent)

    def _start(self, state: InboxState) -> list[Frame]:
        """Say `ready`, and `reset` to a client that is too far behind, or ahead of the inbox."""
        after = state.last_seq if self._after is None else self._after
        far = not 0 <= state.last_seq - after <= MISSED_MAX
        self.phase, self.last = Phase.LIVE, after
        self.head = max(self.head, state.last_seq)
        self._told = self._unread = state.unread
        outcome = None if self._after is None else "reset" if far else "caught_up"
        ready = ready_frame(state, after, outcome)
        return [ready, self._reset()] if far else [ready]

    def _gone_unheard(self, withdrawal: Withdrawal) -> None:
        """The client has heard nothing of it: a fetch finds the tombstone, one under way may not.

        No fetch reaches what is farther off than what a client may miss.
        """
        seq = withdrawal.what.seq
        if self.missing is not None and seq - self.last <= MISSED_MAX:
            self._gone[seq] = withdrawal.unseen
            self._hear(withdrawal.what.unread)

    def _next(self, frame: Frame) -> list[Frame]:
        frame = self._passed(frame)
        if self.last >= self.head:
            self.head = self.last
            self._hear(self._told)
        return self._settled([frame])

    def _passed(self, frame: Frame) -> Frame:
        """The client comes to the next place, with what is there by now."""
        self.last += 1
        frame = self._gone.pop(self.last, frame)
        self._told = frame.unread or 0
        return frame

    def _advanced_to(self, seq: int, unread: int) -> list[Frame]:
        """The inbox has come to `seq`, which this client has not got yet, or has already."""
        self.head = max(self.head, seq)
        self._hear(unread)
        if self.head - self.last > MISSED_MAX:
            return self._settled([self._reset()])
        return self._settled([])

    def _hear(self, unread: int) -> None:
        self._unread, self._heard_at = unread, max(self.head, self._silent_to)

    def _settled(self, frames: list[Frame]) -> list[Frame]:
        """Add the count where nothing is missing any more and the client was told another one."""
        if self.last == self.head and self._told != self._unread:
            self._told = self._unread
            frames.append(unread_frame(self._unread))
        return frames

    def _reset(self) -> Frame:
        self.last = self.head
        self._gone.clear()
        return reset_frame(self.head)
