"""What the store in memory keeps."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from notification_service.domain.events import (
    Event,
)
from notification_service.domain.fan_out import FanOutJob
from notification_service.domain.groups import Membership
from notification_service.domain.models import InboxState, Notification
from notification_service.domain.preferences import Preferences


@dataclass(slots=True)
class Stored:
    """A notification with what is not shown of it."""

    shown: Notification
    subject: str | None
    key: str | None
    group: Membership

    @property
    def is_unread(self) -> bool:
        return not self.shown.is_read and not self.shown.is_withdrawn


@dataclass(slots=True)
class Tables:
    """Everything that is kept."""

    rows: dict[int, Stored] = field(default_factory=dict)
    inboxes: dict[int, InboxState] = field(default_factory=dict)
    closed: set[int] = field(default_factory=set)
    jobs: dict[int, FanOutJob] = field(default_factory=dict)
    done: set[int] = field(default_factory=set)
    due: dict[int, datetime] = field(default_factory=dict)
    claims: set[UUID] = field(default_factory=set)
    events: list[Event] = field(default_factory=list)
    preferences: dict[int, Preferences] = field(default_factory=dict)
    mutes: dict[tuple[int, int], datetime] = field(default_factory=dict)


def now() -> datetime:
    return datetime.now(UTC)
