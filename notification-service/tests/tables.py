"""What the store in memory keeps."""

from copy import copy
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from uuid import UUID

from notification_service.domain.events import (
    Event,
)
from notification_service.domain.facts import Fact
from notification_service.domain.fan_out import FanOutJob
from notification_service.domain.groups import Membership
from notification_service.domain.models import Held, InboxState, Notification
from notification_service.domain.preferences import Preferences
from notification_service.domain.provenance import Delivery, Skipped


@dataclass(slots=True)
class Stored:
    """A notification with what is not shown of it."""

    shown: Notification
    subject: str | None
    key: str | None
    group: Membership
    event_id: UUID | None = None
    held: Held | None = None

    @property
    def is_unread(self) -> bool:
        return not self.shown.is_read and not self.shown.is_withdrawn


@dataclass(frozen=True, slots=True)
class Claimed:
    """An event that had its effect, and when."""

    fact: Fact
    at: datetime


@dataclass(slots=True)
class Tables:
    """Everything that is kept."""

    rows: dict[int, Stored] = field(default_factory=dict)
    inboxes: dict[int, InboxState] = field(default_factory=dict)
    closed: set[int] = field(default_factory=set)
    jobs: dict[int, FanOutJob] = field(default_factory=dict)
    causes: dict[int, UUID] = field(default_factory=dict)
    done: set[int] = field(default_factory=set)
    due: dict[int, datetime] = field(default_factory=dict)
    claims: dict[UUID, Claimed] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    preferences: dict[int, Preferences] = field(default_factory=dict)
    mutes: dict[tuple[int, int], datetime] = field(default_factory=dict)

    def copied(self) -> "Tables":
        """The same apart: what is in the tables does not change, but for the rows."""
        tables = Tables(**{one.name: copy(getattr(self, one.name)) for one in fields(self)})
        tables.rows = {number: copy(row) for number, row in self.rows.items()}
        return tables


def now() -> datetime:
    return datetime.now(UTC)
