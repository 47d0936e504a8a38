"""Two gateways that keep what is hot, for tests of what they answer to whom."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from api_gateway.adapters.http.hot_reads import HotReads
from api_gateway.application.changes import KnownChanges
from api_gateway.application.recent_writes import RecentWrites
from tests.fakes.changes import InMemoryChanges
from tests.fakes.gateways import InMemoryGateways
from tests.fakes.posts import Gate
from tests.unit.http.posts_world import World, a_world


@dataclass
class House:
    """Two gateways to the same posts, with a clock that stands still."""

    here: World
    there: World
    now: list[float]
    writes: list[RecentWrites]
    posts: InMemoryChanges
    known: list[KnownChanges]

    async def asked(self, seconds: float = 0.0) -> None:
        """Let time pass, with the gateways' questions for changes that fall into it."""
        end = self.now[0] + seconds
        while True:
            for changes in self.known:
                await changes.read()
            if self.now[0] >= end:
                return
            self.now[0] = min(end, self.now[0] + 0.25)

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self.now[0] += seconds


@asynccontextmanager
async def a_house(*, reads_are_open: bool = False) -> AsyncIterator[House]:
    """Both of them; Ann (1) and Bob (2) write, anybody reads."""
    now, gateways, hots, writes = [1000.0], InMemoryGateways(), [], []
    feed, changes = InMemoryChanges(), []
    for _ in range(2):
        known = RecentWrites(lambda: now[0])
        gateways.join(known)
        writes.append(known)
        changes.append(KnownChanges(feed, lambda: now[0]))
        hots.append(HotReads(known, gateways, lambda: now[0], changes[-1:]))
    async with (
        a_world(reads_are_open=reads_are_open, hot=hots[0]) as here,
        a_world(reads_are_open=reads_are_open, hot=hots[1], of=here) as there,
    ):
        house = House(here, there, now, writes, feed, changes)
        house.later(0.001)
        yield house


async def title_of(world: World, user: int | None = 2, post: int = 1) -> str:
    """The title of a post, as that user reads it."""
    answer = await world.request("GET", f"/posts/{post}", user)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["data"]["title"])


async def titles_of(world: World, user: int | None = 2, query: str = "limit=5") -> list[str]:
    """The titles of a list, as that user reads them."""
    answer = await world.request("GET", f"/posts/list?{query}", user)
    return [post["title"] for post in answer.json()["data"]["posts"]]


async def change(world: World, title: str) -> None:
    """Ann gives her first post another title."""
    answer = await world.request("PUT", "/posts/1", 1, {"title": title})
    assert answer.status_code == 200, answer.text


@asynccontextmanager
async def held_up(house: House, *readers: int) -> AsyncIterator[list["asyncio.Task[str]"]]:
    """Reads of a post called "old" that wait, after it was read, until the block ends."""
    await house.here.written("old", user=1)
    house.later(0.001)
    gate = house.there.posts.gate = Gate()
    reading = [asyncio.create_task(title_of(house.there, reader)) for reader in readers]
    await gate.reached.wait()
    house.later(0.001)
    try:
        yield reading
    finally:
        gate.opened.set()
