"""Two inboxes behind HTTP."""

from dataclasses import dataclass
from typing import Any

import httpx

from api_gateway.adapters.http.schemas.notification import FeedData
from tests.fakes.groups import InMemoryGroups
from tests.fakes.notifications import InMemoryNotifications
from tests.fakes.tickets import InMemoryTickets
from tests.unit.http.client import EdgeOfTest

LARGEST = 2**63 - 1
GREETING = {"user_id": 1, "type": "greeting"}


@dataclass
class World:
    """The inboxes of Ann (1) and Bob (2), and a client."""

    client: httpx.AsyncClient
    edge: EdgeOfTest
    notifications: InMemoryNotifications
    tickets: InMemoryTickets
    groups: InMemoryGroups

    async def request(
        self, method: str, path: str, user: int | None = 1, body: Any = None, **fields: str
    ) -> httpx.Response:
        token = {} if user is None else self.edge.tokens.fields(user)
        names = {name.replace("_", "-"): value for name, value in fields.items()}
        path = f"/notification{path}"
        return await self.client.request(method, path, json=body, headers={**token, **names})

    async def sent(self, *types: str, to: int = 1) -> None:
        for kind in types:
            answer = await self.request("POST", "/send", 2, {"user_id": to, "type": kind})
            assert answer.status_code == 200, answer.text

    async def data(self, path: str, user: int = 1) -> dict[str, Any]:
        answer = await self.request("GET", path, user)
        assert answer.status_code == 200, answer.text
        return dict(answer.json()["data"])

    async def unread(self) -> int:
        return int((await self.data("/unread-count"))["count"])

    async def types(self, query: str) -> list[str]:
        feed = await self.data(f"/feed?{query}")
        FeedData.model_validate(feed)
        return [one["type"] for one in feed["notifications"]]
