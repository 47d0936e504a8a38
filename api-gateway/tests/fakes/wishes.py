"""What people want to be told, in memory."""

from collections.abc import Collection
from datetime import UTC, datetime

from service_kit.errors import FieldViolation, InvalidArgument, NotFound

from api_gateway.domain.page import Page
from api_gateway.domain.wishes import Mute, Preferences

MUTED_AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class InMemoryWishes:
    """Preferences and mutes of the users whose ids are given; cursors are `after:<id>`."""

    def __init__(self, user_ids: Collection[int]) -> None:
        self.user_ids = set(user_ids)
        self.kept: dict[int, Preferences] = {}
        self.muted: dict[int, set[int]] = {}

    async def preferences(self, user_id: int) -> Preferences:
        return self.kept.get(user_id, Preferences())

    async def replace(self, user_id: int, preferences: Preferences) -> Preferences:
        quiet = preferences.quiet_hours
        if quiet is not None and "/" not in quiet.time_zone:
            violation = FieldViolation("quiet_hours.time_zone", "must be an IANA time zone")
            raise InvalidArgument(violations=[violation])
        self.kept[user_id] = preferences
        return preferences

    async def mute(self, user_id: int, author_id: int) -> None:
        if user_id == author_id:
            raise InvalidArgument("cannot mute yourself", code="CANNOT_MUTE_YOURSELF")
        if author_id not in self.user_ids:
            raise NotFound("user not found", code="USER_NOT_FOUND")
        self.muted.setdefault(user_id, set()).add(author_id)

    async def unmute(self, user_id: int, author_id: int) -> None:
        if author_id not in self.muted.get(user_id, ()):
            raise NotFound("mute not found", code="MUTE_NOT_FOUND")
        self.muted[user_id].remove(author_id)

    async def mutes(self, user_id: int, limit: int, cursor: str) -> Page[Mute]:
        after = int(cursor.removeprefix("after:") or 0)
        found = sorted(one for one in self.muted.get(user_id, ()) if one > after)
        shown = tuple(Mute(one, MUTED_AT) for one in found[:limit])
        return Page(shown, next_cursor=f"after:{found[limit - 1]}" if len(found) > limit else "")
