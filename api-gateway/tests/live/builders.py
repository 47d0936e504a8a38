"""Inboxes and callers for tests of live delivery."""

from datetime import UTC, datetime

from api_gateway.application.live.frames import Frame, delivered_frame, entry_frame
from api_gateway.application.live.inbox import Delivered, Entry, InboxState, Missed, Withdrawn
from api_gateway.application.live.session import Filling, Withdrawal, withdrawal
from api_gateway.domain.notification import Notification
from api_gateway.domain.principal import Principal

FAR = 4e9
"""Unix seconds, in a future that no test reaches."""


def a_principal(
    user_id: int = 1,
    session_id: str = "s1",
    expires_at: float = FAR,
    issued_at: float = 0.0,
) -> Principal:
    return Principal(user_id, session_id, "t", frozenset(), expires_at, issued_at)


def a_notification(seq: int, user_id: int = 1, payload: bytes | None = b'{"n":1}') -> Notification:
    """Its id is a hundred more than its seq."""
    return Notification(
        id=100 + seq,
        user_id=user_id,
        type="follow_created",
        is_read=False,
        created_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        seq=seq,
        payload=payload,
    )


def an_entry(seq: int, user_id: int = 1, *, withdrawn: bool = False) -> Entry:
    return Entry(a_notification(seq, user_id), withdrawn)


def arrival(seq: int, unread: int | None = None) -> Frame:
    """The frame of a notification that has just been made."""
    return delivered_frame(delivery(seq, unread=unread))


def delivery(seq: int, user_id: int = 1, unread: int | None = None) -> Delivered:
    return Delivered(an_entry(seq, user_id), seq if unread is None else unread, committed_at=1.0)


def gone(seq: int, unread: int) -> Withdrawal:
    return withdrawal(Withdrawn(1, 100 + seq, seq, unread))


def filling(after: int, to: int, head: int | None = None, unread: int = 0) -> Filling:
    """The entries after a seq, up to and with another."""
    frames = [entry_frame(an_entry(seq), unread) for seq in range(after + 1, to + 1)]
    return Filling(frames, InboxState(to if head is None else head, unread))


def missed(*entries: Entry, head: int, unread: int = 0) -> Missed:
    return Missed(entries, InboxState(head, unread))
