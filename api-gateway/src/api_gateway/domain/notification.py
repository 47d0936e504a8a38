"""Notifications as a client sees them, over HTTP and over the live channel alike."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Notification:
    """One notification of an inbox.

    `payload` is JSON text in UTF-8, None where there is none. `actor_id` is the user who sent it,
    None where the system did. `seq` is its place in the inbox, from 1. `archived_at` is None for
    what is in the feed.
    """

    id: int
    user_id: int
    type: str
    is_read: bool
    created_at: datetime
    seq: int
    payload: bytes | None = None
    actor_id: int | None = None
    archived_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """What is unread, and the part of it that comes after `seen_up_to_seq`."""

    unread: int
    unseen: int
    seen_up_to_seq: int


@dataclass(frozen=True, slots=True)
class FeedFilter:
    """Which notifications of an inbox: those in the feed or those in the archive, all or unread."""

    unread_only: bool = False
    archived: bool = False


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
    if notification.archived_at is not None:
        content["archived_at"] = notification.archived_at
    return content
