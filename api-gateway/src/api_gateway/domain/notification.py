"""Notifications as a client sees them, over HTTP and over the live channel alike."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Notification:
    """One notification of an inbox.

    `payload` is JSON text in UTF-8, None where there is none. `actor_id` is the user who sent it,
    None where the system did. `seq` is its place in the inbox, from 1.
    """

    id: int
    user_id: int
    type: str
    is_read: bool
    created_at: datetime
    seq: int
    payload: bytes | None = None
    actor_id: int | None = None


@dataclass(frozen=True, slots=True)
class NotificationDraft:
    """A notification to send to `user_id`; `payload` is JSON text in UTF-8."""

    user_id: int
    type: str
    payload: bytes | None = None
