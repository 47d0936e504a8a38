"""What people see through the public ports."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from chaos.ledger import Outcome
from chaos.people import Person
from chaos.wire import Wire
from chaos.world import View

_AT_ONCE: Final = 8
_TRIES: Final = 5
_PAGE: Final = 100


class Unseen(Exception):
    """A read that must succeed on a platform that is well did not."""


@dataclass(slots=True)
class Eyes:
    """Reads as people do it, each with a token of their own; the gateways take turns."""

    wire: Wire

    async def look(self, people: Sequence[Person]) -> dict[int, View]:
        """The views of all of them, by id. Raises Unseen."""
        few = asyncio.Semaphore(_AT_ONCE)

        async def one(person: Person) -> View:
            async with few:
                return await self._view(person)

        views = await asyncio.gather(*map(one, people))
        return {person.id: view for person, view in zip(people, views, strict=True)}

    async def _view(self, person: Person) -> View:
        await self._log_in(person)
        view = View()
        view.full_name = (await self._get(person, f"/users/{person.id}"))["full_name"]
        view.unread = (await self._get(person, "/notification/unread-count"))["count"]
        async for page in self._pages(person, "/notification/feed?"):
            view.feed += [one["id"] for one in page["notifications"]]
            view.total = page["total"]
        async for page in self._pages(person, f"/relation/{person.id}/followers?"):
            view.followers |= {one["id"] for one in page["followers"]}
        async for page in self._pages(person, f"/posts/list?author_id={person.id}&"):
            view.titles |= {one["title"] for one in page["posts"]}
            view.author_names |= {one["author"].get("full_name", "") for one in page["posts"]}
        return view

    async def _log_in(self, person: Person) -> None:
        """With the password that was given at the beginning: the account is whole."""
        body = {"login": person.username, "password": person.password}
        reply = await self.wire.once("POST", "/auth/login", body)
        if reply.outcome is not Outcome.ACKNOWLEDGED:
            raise Unseen(f"{person.username} can't log in: {reply.answer}")
        person.token = reply.data["access_token"]

    async def _pages(self, person: Person, path: str) -> AsyncIterator[Any]:
        cursor = ""
        while True:
            asked = f"{path}limit={_PAGE}" + (f"&cursor={cursor}" if cursor else "")
            page = await self._get(person, asked)
            yield page
            cursor = page.get("next_cursor", "")
            if not cursor:
                return

    async def _get(self, person: Person, path: str) -> Any:
        for _ in range(_TRIES):
            reply = await self.wire.once("GET", path, token=person.token)
            if reply.outcome is Outcome.ACKNOWLEDGED:
                return reply.data
        raise Unseen(f"{path} for {person.username}: {reply.answer}")
