"""Why there is a notification, and why there is none."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from api_gateway.domain.notification import Notification


@dataclass(frozen=True, slots=True)
class EventPlace:
    """Where an event is in Kafka, and when it was committed and published there."""

    type: str
    topic: str
    partition: int
    offset: int
    committed_at: datetime
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """An event of another service; what is None is no longer known."""

    id: UUID
    place: EventPlace | None = None
    consumed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """Notifications from one seq to another were put on the wire of one connection.

    All of them within a tenth of a second before `sent_at`.
    """

    user_id: int
    first_seq: int
    last_seq: int
    connection_id: int
    session_id: str
    carrier: str
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Why:
    """All about a notification; `not_pushed` is None for one that was pushed when it was made."""

    notification: Notification
    event: Event | None = None
    deliveries: tuple[Delivery, ...] = ()
    not_pushed: str | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """What has become of an event for one person; of an unknown one that is all."""

    outcome: str
    reason: str | None = None
    notification_id: int | None = None
    event: Event | None = None
