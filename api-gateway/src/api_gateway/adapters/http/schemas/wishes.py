"""What people want to be told: what comes in, and what is seen of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import Field

from api_gateway.adapters.http.schemas import fields
from api_gateway.adapters.http.schemas.fields import Body, Data, QueryModel
from api_gateway.domain.page import DEFAULT_LIMIT, PageRequest
from api_gateway.domain.wishes import NamedMute, Preferences, QuietHours, TypePreference

_MOST_TYPES: Final = 100
_DELETED: Final = "deleted"
TimeOfDay = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["22:00"])]


class TypePreferenceBody(Body):
    """One type of notifications; what is not in the inbox is not pushed either."""

    type: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z0-9_.\-]*$")]
    in_app: bool = True
    live: bool = True


class QuietHoursBody(Body):
    """When nothing is pushed; past midnight where the end is before the start."""

    start: TimeOfDay
    end: TimeOfDay
    time_zone: Annotated[str, Field(min_length=1, max_length=64, examples=["Europe/Berlin"])]


class PreferencesBody(Body):
    """All that is wanted: a type that is not named is on, absent hours are none."""

    types: Annotated[list[TypePreferenceBody], Field(max_length=_MOST_TYPES)] | None = None
    quiet_hours: QuietHoursBody | None = None

    def preferences(self) -> Preferences:
        """The same for the use cases."""
        types = tuple(TypePreference(one.type, one.in_app, one.live) for one in self.types or ())
        hours = self.quiet_hours
        quiet = QuietHours(hours.start, hours.end, hours.time_zone) if hours else None
        return Preferences(types, quiet)


class MutesQuery(QueryModel):
    """Which part of the list."""

    cursor: fields.SealedCursor = ""
    limit: fields.StrictLimit = DEFAULT_LIMIT

    def request(self, cursor: str) -> PageRequest:
        """The same for the use cases, with the cursor opened."""
        return PageRequest(1, self.limit, cursor)


class TypePreferenceData(Data):
    """Whether a type comes into the inbox, and whether it is pushed."""

    type: str
    in_app: bool
    live: bool


class QuietHoursData(Data):
    """When nothing is pushed."""

    start: str
    end: str
    time_zone: str


class PreferencesData(Data):
    """What is wanted: the platform's own types, and others that are off."""

    types: list[TypePreferenceData]
    quiet_hours: QuietHoursData | None = None


class MutedUserData(Data):
    """A person of whose posts one is not told."""

    id: int
    username: str
    avatar_url: str | None = None
    muted_at: datetime


class MutesData(Data):
    """A page of muted people, by id."""

    mutes: list[MutedUserData]
    next_cursor: str | None = None


PREFERENCES_EXAMPLE: Final[Mapping[str, object]] = {
    "types": [
        {"type": "follow_created", "in_app": True, "live": True},
        {"type": "post_created", "in_app": True, "live": False},
    ],
    "quiet_hours": {"start": "22:00", "end": "07:00", "time_zone": "Europe/Berlin"},
}
MUTE_EXAMPLE: Final[Mapping[str, object]] = {
    "id": 7,
    "username": "ada",
    "muted_at": "2026-01-02T03:04:05Z",
}


def preferences_content(preferences: Preferences) -> dict[str, Any]:
    """What is wanted, as a client sees it."""
    content: dict[str, Any] = {
        "types": [
            {"type": one.type, "in_app": one.in_app, "live": one.live} for one in preferences.types
        ]
    }
    if (quiet := preferences.quiet_hours) is not None:
        content["quiet_hours"] = {
            "start": quiet.start,
            "end": quiet.end,
            "time_zone": quiet.time_zone,
        }
    return content


def mute_content(named: NamedMute) -> dict[str, Any]:
    """A muted person as a client sees it; one who is gone keeps the id, by which to unmute."""
    content: dict[str, Any] = {
        "id": named.mute.author_id,
        "username": named.author.username if named.author else _DELETED,
        "muted_at": named.mute.muted_at,
    }
    if named.author is not None and named.author.avatar_url is not None:
        content["avatar_url"] = named.author.avatar_url
    return content
