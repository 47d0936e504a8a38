"""All connections of one user: what happens in the inbox is put into frames once for all."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Protocol

from api_gateway.application.live.connection import Connection
from api_gateway.application.live.frames import (
    Frame,
    delivered_frame,
    entry_frame,
    mark_frames,
    media_frame,
)
from api_gateway.application.live.inbox import (
    Delivered,
    Happening,
    InboxState,
    MediaChanged,
    Missed,
    Subscribed,
    UnreadChanged,
    Withdrawn,
)
from api_gateway.application.live.ports import Source
from api_gateway.application.live.session import Filling, Session, withdrawal

_REMEMBERED = 32


class Wants(Protocol):
    """Who fetches what connections miss."""

    def want(self, channel: "Channel") -> None:
        """Fetch what `channel` misses, soon."""
        ...


class Channel:
    """One user of this process.

    `state` is None until a source has answered. `fetching` and `failures` belong to the one who
    fetches.
    """

    __slots__ = (
        "_sources",
        "_wants",
        "_withdrawn",
        "connections",
        "failures",
        "fetching",
        "state",
        "user_id",
    )

    def __init__(self, user_id: int, wants: Wants) -> None:
        self.user_id = user_id
        self.connections: list[Connection] = []
        self.state: InboxState | None = None
        self.fetching = False
        self.failures = 0
        self._wants = wants
        self._sources: set[Source] = set()
        self._withdrawn: list[int] = []

    def resume(self, connection: Connection, after_seq: int | None) -> None:
        """Let one connection go on: at once, or when a source has answered."""
        state = self.state if self._sources else None
        connection.offer(connection.session.resume(after_seq, state))
        self.missing()

    def missing(self) -> None:
        """Have fetched what connections miss."""
        if self.wanted():
            self._wants.want(self)

    def happened(self, source: Source, what: Happening) -> None:
        """Tell every connection what has happened."""
        match what:
            case Subscribed():
                self._subscribed(source, what)
            case Delivered():
                self._seen(what.entry.notification.seq, what.unread)
                frame = delivered_frame(what)
                self._tell(lambda session: session.notified(frame, silent=what.silent))
            case Withdrawn():
                self._gone(what)
            case UnreadChanged():
                self._seen(0, what.unread)
                marks = mark_frames(what)
                self._tell(lambda session: session.marked(marks, what.unread))
            case MediaChanged():
                passing = media_frame(what.media_id, what.state)
                self._tell(lambda session: session.passing(passing))

    def lost(self, source: Source) -> None:
        """A source is away: what this process knows of the inbox may be old."""
        self._sources.discard(source)

    def wanted(self) -> list[int]:
        """The seqs after which connections with room for entries miss some."""
        missing = {one.session.missing for one in self.connections if one.wants_page}
        return sorted(seq for seq in missing if seq is not None)

    def asking(self, after: int) -> list[Connection]:
        """The connections that miss what comes after a seq, for a fetch that begins now."""
        asking = [
            one for one in self.connections if one.wants_page and one.session.missing == after
        ]
        for one in asking:
            one.session.fetching()
        return asking

    def filled(self, asking: list[Connection], after: int, missed: Missed) -> bool:
        """Hand out what was fetched; returns whether anybody got further."""
        frames = [entry_frame(entry, missed.state.unread) for entry in missed.entries]
        filling = Filling(frames, missed.state)
        for one in asking:
            if one.session.missing is not None:
                one.offer(one.session.filled(filling))
        return all(one.session.missing != after for one in asking)

    def _subscribed(self, source: Source, what: Subscribed) -> None:
        self._sources.add(source)
        state = what.state
        if self.state is None or state.last_seq >= self.state.last_seq:
            self.state = state
        self._tell(partial(_position, self.state, what.due_seq))

    def _gone(self, what: Withdrawn) -> None:
        """Several sources tell of the same withdrawal; clients hear of it once."""
        if what.notification_id in self._withdrawn:
            return
        self._withdrawn = [*self._withdrawn[1 - _REMEMBERED :], what.notification_id]
        is_new = self.state is not None and what.seq > self.state.last_seq
        # Its place may be any; its count is new all the same.
        self._seen(what.seq if is_new else 0, what.unread)
        both = withdrawal(what)
        self._tell(lambda session: session.withdrawn(both))

    def _seen(self, seq: int, unread: int) -> None:
        """Keep what a connection that comes later is told; one repeated by a source is older."""
        if self.state is not None and (seq == 0 or seq > self.state.last_seq):
            self.state = InboxState(max(seq, self.state.last_seq), unread)
        elif self.state is not None and seq == self.state.last_seq:
            self.state = replace(self.state, unread=unread)

    def _tell(self, frames: Callable[[Session], list[Frame]]) -> None:
        for one in self.connections:
            one.offer(frames(one.session))
        self.missing()


def _position(state: InboxState, due_seq: int | None, session: Session) -> list[Frame]:
    return session.positioned(state, due_seq)
