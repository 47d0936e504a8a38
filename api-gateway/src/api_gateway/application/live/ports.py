"""What live delivery needs from elsewhere: inboxes, what happens in them, carriers to clients."""

from collections.abc import Iterable
from typing import Protocol

from api_gateway.application.live.closing import Closing
from api_gateway.application.live.frames import Frame
from api_gateway.application.live.inbox import Happening, Missed


class Inboxes(Protocol):
    """Where notifications are kept."""

    async def list_since(self, user_id: int, after_seq: int, limit: int) -> Missed:
        """What follows `after_seq`, tombstones included. Raises Unavailable, DeadlineExceeded."""
        ...


class ReadMarks(Protocol):
    """Which notifications their reader has read and seen."""

    async def mark_read(self, notification_id: int, caller_id: int) -> bool:
        """Mark one as read. Raises PermissionDenied, NotFound, Unavailable, DeadlineExceeded."""
        ...

    async def mark_all_read(self, user_id: int, up_to_seq: int | None) -> int:
        """Mark all, or all up to a seq, as read. Raises Unavailable, DeadlineExceeded."""
        ...

    async def mark_seen(self, user_id: int, up_to_seq: int | None) -> tuple[int, int]:
        """Mark all, or all up to a seq, as seen. Raises Unavailable, DeadlineExceeded."""
        ...


class MarkLimit(Protocol):
    """How often a user may mark something, wherever that is asked for."""

    async def take_of(self, user_id: int) -> None:
        """Count one mark of `user_id`. Raises ResourceExhausted where it is one too many."""
        ...


class Listener(Protocol):
    """Who hears what happens in inboxes."""

    def user_ids(self) -> Iterable[int]:
        """Whose inboxes matter now."""
        ...

    def happened(self, source: "Source", what: Happening) -> None:
        """Something happened; the same may be told by several sources, and in another order."""
        ...

    def lost(self, source: "Source") -> None:
        """A source no longer tells anything; it will say `Subscribed` for everyone when it does."""
        ...


class Source(Protocol):
    """Tells what happens in the inboxes one has subscribed to."""

    def subscribe(self, user_ids: Iterable[int]) -> None:
        """Want to hear of them; each is answered by `Subscribed`."""
        ...

    def confirm(self, user_ids: Iterable[int]) -> None:
        """Want `Subscribed` again for those that are subscribed: has anything been lost?"""
        ...

    def unsubscribe(self, user_ids: Iterable[int]) -> None:
        """Want no longer to hear of them; what is under way may still arrive."""
        ...

    async def run(self, listener: Listener) -> None:
        """Tell `listener`, reconnecting for ever; every connection subscribes its `user_ids`."""
        ...


class Carrier(Protocol):
    """One open connection to a client; `send` and `close` wait for a slow one."""

    @property
    def name(self) -> str:
        """What kind it is: `websocket`, `sse`."""
        ...

    async def send(self, frame: Frame) -> None:
        """Put a frame on the wire. Raises OSError where the client is gone."""
        ...

    async def close(self, closing: Closing) -> None:
        """Say why and close. Raises OSError as `send`."""
        ...

    def dropped(self, frames: int) -> None:
        """So many frames are given up, as the connection is closed."""
        ...

    def abort(self) -> None:
        """Let the connection go without a word: its client reads nothing."""
        ...
