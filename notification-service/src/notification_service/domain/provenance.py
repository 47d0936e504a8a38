"""Where a notification comes from, what became of it, and why there is none."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from notification_service.domain.models import Held, Notification

LONGEST_RUN: Final = 1000
"""Notifications in one `Delivery`; whoever tells of more tells of several."""


class Origin(NamedTuple):
    """Where an event was read, and when it was committed and published there.

    `published_at` is None where its record does not say.
    """

    type: str
    topic: str
    partition: int
    offset: int
    committed_at: datetime
    published_at: datetime | None


class Reason(StrEnum):
    """Why somebody whom an event concerns has no notification of it."""

    OWN_ACTION = "own_action"
    MUTED = "muted"
    IN_APP_OFF = "in_app_off"
    WITHDRAWN = "withdrawn"
    DUPLICATE = "duplicate"
    NOT_FOLLOWING = "not_following"
    MAKES_NONE = "makes_none"
    NOT_KEPT = "not_kept"


@dataclass(frozen=True, slots=True)
class Skipped:
    """Somebody is not told of an event."""

    event_id: UUID
    user_id: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class Consumed:
    """An event that was taken in, who did it, and what it is about (whose id depends on its type).

    What was taken in by an older version, or long ago, lacks its origin.
    """

    event_id: UUID
    consumed_at: datetime
    origin: Origin | None = None
    actor_id: int | None = None
    about_id: int | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """Notifications from one seq to another were put on the wire of one connection of their owner.

    All of them within a tenth of a second before `sent_at`.
    """

    user_id: int
    first_seq: int
    last_seq: int
    connection_id: int
    session_id: str
    carrier: str
    sent_at: datetime


class NotPushed(StrEnum):
    """Why a notification was not pushed when it was made."""

    LIVE_OFF = "live_off"
    QUIET_HOURS = "quiet_hours"
    NO_SOCKET_OPEN = "no_socket_open"
    UNDER_WAY = "under_way"
    NOT_KEPT = "not_kept"


@dataclass(frozen=True, slots=True)
class Cause:
    """What is kept with a notification of its making."""

    event_id: UUID | None = None
    event: Consumed | None = None
    held: Held | None = None


@dataclass(frozen=True, slots=True)
class Why:
    """All about a notification; `not_pushed` is None for one that was pushed at once."""

    notification: Notification
    cause: Cause
    deliveries: tuple[Delivery, ...] = ()
    not_pushed: NotPushed | None = None


class Outcome(StrEnum):
    """What has become of an event for one person."""

    MADE = "made"
    SKIPPED = "skipped"
    UNDER_WAY = "under_way"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What has become of an event for one person, and why; of an unknown one that is all."""

    outcome: Outcome
    reason: Reason | None = None
    notification_id: int | None = None
    event: Consumed | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the telling of a post is: whose id is the last that is dealt with.

    `cause` and `cause_type` are of the event that it is told, or taken back, for.
    """

    is_telling: bool
    checkpoint: int
    cause: UUID
    cause_type: str | None


@dataclass(frozen=True, slots=True)
class Traces:
    """All that is kept of an event with regard to one person."""

    event: Consumed | None = None
    notification_id: int | None = None
    is_withdrawn: bool = False
    skipped: Reason | None = None
    progress: Progress | None = None
