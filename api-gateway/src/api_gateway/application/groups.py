"""The inbox in groups, with the people in them."""

from dataclasses import dataclass
from typing import Final, Protocol

from api_gateway.application.ports import Users
from api_gateway.domain.group import DELETED_USERNAME, Actor, Group, NamedGroup
from api_gateway.domain.page import Page
from api_gateway.domain.user import UserView

_GONE: Final = Actor(0, DELETED_USERNAME)


class Groups(Protocol):
    """Inboxes in groups."""

    async def page(
        self, user_id: int, limit: int, cursor: str, *, unread_only: bool
    ) -> Page[Group]:
        """A part of one, the latest first; without a total. Raises InvalidArgument."""
        ...


@dataclass(frozen=True, slots=True)
class NamedGroups:
    """Groups together with the people."""

    groups: Groups
    users: Users

    async def page(
        self, user_id: int, limit: int, cursor: str, *, unread_only: bool
    ) -> Page[NamedGroup]:
        """A page of them; all people are one call."""
        found = await self.groups.page(user_id, limit, cursor, unread_only=unread_only)
        ids = {number for group in found.items for number in group.actor_ids}
        people = await self.users.get_many(ids) if ids else {}
        named = tuple(
            NamedGroup(group, tuple(_actor(people.get(number)) for number in group.actor_ids))
            for group in found.items
        )
        return Page(named, next_cursor=found.next_cursor)


def _actor(user: UserView | None) -> Actor:
    return _GONE if user is None else Actor(user.id, user.username, user.avatar_url)
