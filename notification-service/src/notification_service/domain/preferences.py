"""What people want to be told, and when it may be pushed."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, time
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from notification_service.domain.errors import FieldViolation, InvalidNotification
from notification_service.domain.rules import check_id, check_type

_MOST_TYPES: Final = 100


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` to `end` (not included), every day, by the clock on the wall in `time_zone`.

    Where the clocks change, the hours follow them: an hour that comes twice is quiet twice. Raises
    `InvalidNotification` for a zone that the IANA database does not have, and for no time at all.
    """

    start: time
    end: time
    time_zone: str

    def __post_init__(self) -> None:
        if self.start == self.end:
            raise _violation("quiet_hours.end", "must differ from the start")
        if self.time_zone not in _zones():
            raise _violation("quiet_hours.time_zone", "must be an IANA time zone")

    def hold_at(self, now: datetime) -> bool:
        """Whether a moment is quiet."""
        clock = now.astimezone(ZoneInfo(self.time_zone)).time()
        if self.start < self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end


@dataclass(frozen=True, slots=True)
class Preferences:
    """What one person wants: everything, but for the types that are off.

    Raises `InvalidNotification` where a type is none, or there are too many.
    """

    user_id: int
    in_app_off: AbstractSet[str] = field(default_factory=frozenset)
    live_off: AbstractSet[str] = field(default_factory=frozenset)
    quiet_hours: QuietHours | None = None

    def __post_init__(self) -> None:
        check_id("user_id", self.user_id)
        types = self.in_app_off | self.live_off
        if len(types) > _MOST_TYPES:
            raise _violation("types", f"must be at most {_MOST_TYPES}")
        for one in types:
            check_type(one)

    def are_quiet_at(self, now: datetime) -> bool:
        """Whether nothing at all may be pushed."""
        return self.quiet_hours is not None and self.quiet_hours.hold_at(now)


@dataclass(frozen=True, slots=True)
class Mute:
    """A person whose posts somebody is not told of."""

    author_id: int
    muted_at: datetime


def time_of_day(field_name: str, text: str) -> time:
    """`HH:MM` as a time. Raises `InvalidNotification`."""
    hours, colon, minutes = text.partition(":")
    if not (colon and len(text) == 5 and text.isascii() and (hours + minutes).isdigit()):
        raise _violation(field_name, "must be HH:MM")
    try:
        return time(int(hours), int(minutes))
    except ValueError:
        raise _violation(field_name, "must be HH:MM") from None


@cache
def _zones() -> frozenset[str]:
    """All zones of the system, or else of the `tzdata` package."""
    return frozenset(available_timezones())


def _violation(name: str, issue: str) -> InvalidNotification:
    return InvalidNotification(violations=[FieldViolation(name, issue)])
