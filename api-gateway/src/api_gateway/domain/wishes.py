"""What people want to be told."""

from dataclasses import dataclass
from datetime import datetime

from api_gateway.domain.user import UserView


@dataclass(frozen=True, slots=True)
class TypePreference:
    """Whether notifications of a type come into the inbox, and whether they are pushed."""

    type: str
    in_app: bool
    live: bool


@dataclass(frozen=True, slots=True)
class QuietHours:
    """When nothing is pushed: from `start` to `end` (both `HH:MM`) in an IANA time zone."""

    start: str
    end: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class Preferences:
    """What somebody wants; a type that is not named is on."""

    types: tuple[TypePreference, ...] = ()
    quiet_hours: QuietHours | None = None


@dataclass(frozen=True, slots=True)
class Mute:
    """A person of whose posts somebody is not told."""

    author_id: int
    muted_at: datetime


@dataclass(frozen=True, slots=True)
class NamedMute:
    """A mute with the person; None where the account is gone."""

    mute: Mute
    author: UserView | None
