"""Notifications as a client sees them, over HTTP and over the live channel alike."""

from collections.abc import Callable
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


def notification_content(
    notification: Notification, embed: Callable[[bytes], object]
) -> dict[str, object]:
    """A notification as every carrier shows it; what is not set is absent.

    `embed` makes JSON text a part of the JSON that the carrier writes.
    """
    content: dict[str, object] = {
        "id": notification.id,
        "user_id": notification.user_id,
        "type": notification.type,
        "is_read": notification.is_read,
        "created_at": notification.created_at,
        "seq": notification.seq,
    }
    if notification.payload is not None:
        content["payload"] = embed(notification.payload)
    if notification.actor_id is not None:
        content["actor_id"] = notification.actor_id
    return content
