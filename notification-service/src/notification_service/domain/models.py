"""A notification, the inbox that it is in, and the pages that it is read in."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from notification_service.domain.rules import check_id, check_key, check_payload, check_type


class Held(StrEnum):
    """Why a notification is not pushed when it is made: its type never is, or nothing is now."""

    LIVE_OFF = "live_off"
    QUIET_HOURS = "quiet_hours"


@dataclass(frozen=True, slots=True)
class Content:
    """What a notification says. Raises `InvalidNotification` where a field breaks its rule.

    `payload` is JSON text in UTF-8, None for none. `actor_id` is the user who sent it, None where
    the system did. `subject` names what it is about, for the day that it is withdrawn, `event_id`
    the event of another service that it tells of.
    """

    type: str
    payload: bytes | None = None
    actor_id: int | None = None
    subject: str | None = None
    event_id: UUID | None = None

    def __post_init__(self) -> None:
        check_type(self.type)
        check_payload(self.payload)
        if self.actor_id is not None:
            check_id("actor_id", self.actor_id)


@dataclass(frozen=True, slots=True)
class Draft:
    """A notification to be; one `Content` may go to many. Raises `InvalidNotification`.

    `idempotency_key` is the sender's own. `traceparent` is the W3C context of what caused it, empty
    where that is the current one. One that is `held` for its type is never pushed by itself, one
    that is held for quiet hours is not pushed now.
    """

    user_id: int
    content: Content
    idempotency_key: str | None = None
    traceparent: str = ""
    held: Held | None = None

    def __post_init__(self) -> None:
        check_id("user_id", self.user_id)
        check_key(self.idempotency_key)


@dataclass(frozen=True, slots=True)
class Notification:
    """A notification in an inbox; `seq` is its place there, from 1.

    One that is withdrawn (or removed) is a tombstone: it has no payload, and is shown to those only
    who ask what they have missed.
    """

    id: int
    user_id: int
    seq: int
    type: str
    payload: bytes | None
    actor_id: int | None
    created_at: datetime
    is_read: bool = False
    is_withdrawn: bool = False
    archived_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class InboxState:
    """Where an inbox stands: its newest seq, and how many are unread and shown.

    `version` grows with every change of it, whichever process makes the change. `seen_seq` is how
    far its owner has looked, `unseen` the unread ones after that. Archived ones are counted in
    `archived` and nowhere else. `live_seq` is the newest that is to be pushed.
    """

    user_id: int
    last_seq: int = 0
    unread: int = 0
    total: int = 0
    version: int = 0
    unseen: int = 0
    seen_seq: int = 0
    archived: int = 0
    live_seq: int = 0


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a feed: below the seq `before` (None: the newest), or `offset` rows on.

    What is archived has a feed of its own.
    """

    limit: int
    before: int | None = None
    offset: int = 0
    unread_only: bool = False
    is_archived: bool = False


@dataclass(frozen=True, slots=True)
class FeedPage:
    """A part of a feed, newest first, and how long the feed is; `has_more` where it goes on."""

    notifications: tuple[Notification, ...] = ()
    total: int = 0
    has_more: bool = False


@dataclass(frozen=True, slots=True)
class Missed:
    """What follows `after_seq`, in order, tombstones included, perhaps not up to the newest one."""

    after_seq: int
    notifications: tuple[Notification, ...]
    state: InboxState

    @property
    def is_truncated(self) -> bool:
        """Whether they end before the newest one."""
        reached = self.notifications[-1].seq if self.notifications else self.after_seq
        return reached < self.state.last_seq


@dataclass(frozen=True, slots=True)
class Target:
    """Unread notifications of one user about one subject, which are to be withdrawn."""

    user_id: int
    subject: str
