"""What one person does to another is read by both at once, though reads are kept for a moment."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from api_gateway.adapters.http.catalogue import served as served_by
from api_gateway.adapters.http.hot_reads import HotReads
from api_gateway.adapters.http.routes.notification import NotificationRoutes
from api_gateway.adapters.http.routes.relation import RelationRoutes
from api_gateway.application.groups import NamedGroups
from api_gateway.application.recent_writes import RecentWrites
from api_gateway.domain.cursor import Cursors
from api_gateway.domain.notification import NotificationDraft
from api_gateway.domain.relation import RelatedUser
from tests.fakes.gateways import InMemoryGateways
from tests.fakes.groups import InMemoryGroups
from tests.fakes.notifications import InMemoryNotifications
from tests.fakes.relations import InMemoryRelations
from tests.fakes.tickets import InMemoryTickets
from tests.fakes.users import InMemoryUsers
from tests.unit.http.client import EdgeOfTest, served


@dataclass
class World:
    """Ann (1), Bob (2) and Cyd (3), a gateway that keeps what is hot, and its clock."""

    client: httpx.AsyncClient
    edge: EdgeOfTest
    notifications: InMemoryNotifications
    now: list[float]

    async def ask(self, method: str, path: str, user: int, body: Any = None) -> Any:
        self.now[0] += 0.001
        fields = self.edge.tokens.fields(user)
        answer = await self.client.request(method, path, json=body, headers=fields)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    async def unread(self, user: int) -> int:
        return int((await self.ask("GET", "/notification/unread-count", user))["count"])

    async def followers(self, of: int, reader: int) -> int:
        return int((await self.ask("GET", f"/relation/{of}/followers", reader))["total"])


@pytest.fixture
async def world() -> AsyncIterator[World]:
    now, gateways, writes = [1000.0], InMemoryGateways(), RecentWrites(lambda: now[0])
    gateways.join(writes)
    edge = EdgeOfTest(hot=HotReads(writes, gateways, lambda: now[0]))
    notifications, cursors = InMemoryNotifications([1, 2, 3]), Cursors(b"s" * 16)
    people = (RelatedUser(number, name) for number, name in ((1, "ann"), (2, "bob"), (3, "cyd")))
    groups = NamedGroups(InMemoryGroups(), InMemoryUsers())
    routes = served_by(
        [
            RelationRoutes(InMemoryRelations(*people), cursors),
            NotificationRoutes(notifications, groups, InMemoryTickets(), cursors),
        ]
    )
    async with served(routes, edge) as client:
        yield World(client, edge, notifications, now)


async def test_who_is_sent_something_counts_it_at_once(world: World) -> None:
    assert await world.unread(2) == 0
    await world.ask("POST", "/notification/send", 1, {"user_id": 2, "type": "greeting"})
    assert await world.unread(2) == 1


async def test_a_follow_is_in_the_lists_of_both_for_everybody_at_once(world: World) -> None:
    for reader in (1, 2, 3):
        assert await world.followers(2, reader) == 0
    for path, expected in (("/relation/follow", 1), ("/relation/unfollow", 0)):
        await world.ask("POST", path, 1, {"followee_id": 2})
        for reader in (3, 2, 1):
            assert await world.followers(2, reader) == expected


async def test_a_count_is_never_older_than_the_feed_that_was_read_before(world: World) -> None:
    assert await world.unread(2) == 0
    draft = NotificationDraft(2, "follow_created")
    await world.notifications.send(draft, actor_id=0, idempotency_key="")
    assert await world.unread(2) == 0  # kept for a moment: nobody has told this gateway
    assert (await world.ask("GET", "/notification/feed", 2))["total"] == 1
    assert await world.unread(2) == 1
    assert await world.unread(2) == 1
