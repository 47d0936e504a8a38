"""What one can say about what one wants to be told."""

from dataclasses import dataclass
from typing import Final

from notification_service.application.ports import KeptPreferences, Users
from notification_service.application.units import Units
from notification_service.domain.errors import CannotMuteYourself, MuteNotFound, UserNotFound
from notification_service.domain.preferences import Mute, Preferences
from notification_service.domain.rules import check_id

_NAMES: Final = ("user_id", "author_id")


@dataclass(frozen=True, slots=True)
class Wishes:
    """The use cases of preferences and mutes."""

    kept: KeptPreferences
    users: Users
    units: Units

    async def preferences(self, user_id: int) -> Preferences:
        """What a person wants."""
        check_id("user_id", user_id)
        found = await self.kept.of([user_id])
        return found.get(user_id) or Preferences(user_id)

    async def replace(self, preferences: Preferences) -> Preferences:
        """Want this from now on, and nothing of what was said before."""
        async with self.units.begin() as unit:
            await unit.preferences.replace(preferences)
        return preferences

    async def mute(self, user_id: int, author_id: int) -> None:
        """Be told no more of what somebody posts; what one was told stays.

        Raises `CannotMuteYourself`, `UserNotFound`, and `Unavailable` where nobody can tell.
        """
        for name, value in zip(_NAMES, (user_id, author_id), strict=True):
            check_id(name, value)
        if user_id == author_id:
            raise CannotMuteYourself
        if author_id not in await self.users.usernames([author_id]):
            raise UserNotFound
        async with self.units.begin() as unit:
            await unit.preferences.mute(user_id, author_id)

    async def unmute(self, user_id: int, author_id: int) -> None:
        """Be told again. Raises `MuteNotFound`."""
        for name, value in zip(_NAMES, (user_id, author_id), strict=True):
            check_id(name, value)
        async with self.units.begin() as unit:
            if not await unit.preferences.unmute(user_id, author_id):
                raise MuteNotFound

    async def mutes(self, user_id: int, after_id: int, limit: int) -> list[Mute]:
        """The first `limit` people above an id whom somebody has muted, by id."""
        check_id("user_id", user_id)
        return await self.kept.mutes(user_id, after_id, limit)
