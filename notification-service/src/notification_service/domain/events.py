"""What happened in an inbox; each event holds the state of the inbox right after it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from notification_service.domain.models import Held, InboxState, Notification


@dataclass(frozen=True, slots=True)
class NotificationCreated:
    """A notification was put into an inbox; the state is the one with it as the newest.

    `subject`, `idempotency_key` and `event_id` are those that it was sent with. One that is `held`
    is not to be pushed now.
    """

    notification: Notification
    inbox: InboxState
    traceparent: str = ""
    subject: str | None = None
    idempotency_key: str | None = None
    event_id: UUID | None = None
    held: Held | None = None

    @property
    def is_silent(self) -> bool:
        """Whether it is not to be pushed now."""
        return self.held is not None


@dataclass(frozen=True, slots=True)
class NotificationsRead:
    """Notifications were read: the single ones, or everything up to a seq."""

    inbox: InboxState
    notification_ids: tuple[int, ...]
    up_to_seq: int | None
    count: int
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class NotificationWithdrawn:
    """A notification is gone; its seq is not given again."""

    notification_id: int
    seq: int
    inbox: InboxState
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class NotificationsSeen:
    """The owner has looked at the inbox, up to a seq."""

    inbox: InboxState
    up_to_seq: int
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class NotificationArchived:
    """A notification was archived, and thereby read; or is back in the feed."""

    notification_id: int
    inbox: InboxState
    is_archived: bool
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class UnreadChanged:
    """Fewer are unread for another reason: they are too old, or the account is gone."""

    inbox: InboxState


Event = (
    NotificationCreated
    | NotificationsRead
    | NotificationWithdrawn
    | NotificationsSeen
    | NotificationArchived
    | UnreadChanged
)
