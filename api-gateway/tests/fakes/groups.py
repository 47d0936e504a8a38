"""Inboxes in groups, in memory."""

from api_gateway.domain.group import Group
from api_gateway.domain.page import Page


class InMemoryGroups:
    """The groups of everybody's inbox, the latest first; cursors are `after:<number>`."""

    def __init__(self, *groups: Group) -> None:
        self.groups = list(groups)

    async def page(
        self, user_id: int, limit: int, cursor: str, *, unread_only: bool
    ) -> Page[Group]:
        mine = [one for one in self.groups if one.latest.user_id == user_id]
        wanted = [one for one in mine if one.unread or not unread_only]
        start = int(cursor.removeprefix("after:") or 0)
        end = start + limit
        return Page(
            tuple(wanted[start:end]), next_cursor=f"after:{end}" if end < len(wanted) else ""
        )
