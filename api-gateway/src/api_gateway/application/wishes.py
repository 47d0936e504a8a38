"""What people want to be told: the port onto notification-service, and mutes with their names."""

from dataclasses import dataclass
from typing import Protocol

from api_gateway.application.ports import Users
from api_gateway.domain.page import Page, PageRequest
from api_gateway.domain.wishes import Mute, NamedMute, Preferences


class Wishes(Protocol):
    """Preferences and mutes.

    Every method raises `Unavailable` or `DeadlineExceeded` where notification-service is not
    reached.
    """

    async def preferences(self, user_id: int) -> Preferences:
        """What somebody wants."""
        ...

    async def replace(self, user_id: int, preferences: Preferences) -> Preferences:
        """Keep this in the place of all that was said. Raises InvalidArgument."""
        ...

    async def mute(self, user_id: int, author_id: int) -> None:
        """Tell of somebody's posts no more. Raises InvalidArgument for oneself, NotFound."""
        ...

    async def unmute(self, user_id: int, author_id: int) -> None:
        """Tell of them again. Raises NotFound where there is no mute."""
        ...

    async def mutes(self, user_id: int, limit: int, cursor: str) -> Page[Mute]:
        """Whom somebody has muted, by id; without a total. Raises InvalidArgument."""
        ...


@dataclass(frozen=True, slots=True)
class NamedMutes:
    """Mutes together with the people."""

    wishes: Wishes
    users: Users

    async def page(self, user_id: int, request: PageRequest) -> Page[NamedMute]:
        """A page of them; the people are one call."""
        found = await self.wishes.mutes(user_id, request.limit, request.cursor)
        people = await self.users.get_many({one.author_id for one in found.items})
        named = tuple(NamedMute(one, people.get(one.author_id)) for one in found.items)
        return Page(named, next_cursor=found.next_cursor)
