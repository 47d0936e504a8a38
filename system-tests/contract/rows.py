"""Tables of requests with what they are answered, and the people and things they are about.

`{name}` in a path or a body stands for something of the world: `{alice}` for an id, `{post}` for
that of a new post of Alice's. A text that is nothing else becomes the value itself.
"""

import json
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

from journeys.client import Answer, Json
from journeys.people import Person, Platform

NOBODYS_ID: Final = 2**53
PASSWORD: Final = "harbour at dawn"
_NAME: Final = re.compile(r"\{([a-z_.]+)\}")


@dataclass(frozen=True)
class Row:
    """One request, who makes it, and what comes back.

    `shows` are keys of the data; `issues` the fields that a refusal names.
    """

    asks: str
    status: int
    message: str = ""
    body: Any = None
    by: str = "alice"
    shows: str = ""
    code: str = ""
    issues: Sequence[str] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.status} {self.asks[:60]} {str(self.body or '')[:40]} {self.by}"


@dataclass(frozen=True)
class World:
    """Alice and Bob, and what can be made for them."""

    platform: Platform
    people: Mapping[str, Person]

    @property
    def alice(self) -> Person:
        """Whom most rows are about."""
        return self.people["alice"]

    async def ask(self, row: Row) -> Answer:
        """Make a request."""
        method, _, path = row.asks.partition(" ")
        person = self.people.get(row.by)
        client = person.client if person else self.platform.anybody()
        body = await self.filled(row.body)
        target = await self._path(path)
        return await client.call(method, target, body, headers=row.headers)

    async def filled(self, node: Any) -> Any:
        """A body with everything in the place of its name."""
        if isinstance(node, dict):
            return {name: await self.filled(value) for name, value in node.items()}
        if isinstance(node, list):
            return [await self.filled(value) for value in node]
        if isinstance(node, str) and (whole := _NAME.fullmatch(node)):
            return await self.value(whole[1])
        return node

    async def _path(self, template: str) -> str:
        found = {name: await self.value(name) for name in set(_NAME.findall(template))}
        return _NAME.sub(lambda match: quote(str(found[match[1]]), safe="@"), template)

    async def value(self, name: str) -> Any:
        """What a name stands for."""
        owner, _, attribute = name.partition(".")
        if owner in self.people:
            return getattr(self.people[owner], attribute or "id")
        return await getattr(self, f"_{name}")()

    async def _fresh_name(self) -> str:
        return f"new-{secrets.token_hex(5)}"

    async def _fresh_email(self) -> str:
        return f"{secrets.token_hex(5)}@example.com"

    async def _shouted_name(self) -> str:
        return self.alice.username.upper()

    async def _nobody(self) -> int:
        return NOBODYS_ID

    async def _post(self) -> Any:
        media = [{"url": "https://example.com/dawn.jpg", "type": "image"}]
        return (await self.alice.write("Dawn", tags=["sea"], media_items=media))["id"]

    async def _gone_post(self) -> Any:
        number = await self._post()
        await self.alice.client.delete(f"/posts/{number}")
        return number

    async def _note(self) -> Any:
        body = {"user_id": self.alice.id, "type": "greeting", "payload": {"text": "Hello"}}
        bob = self.people["bob"].client
        return (await bob.post("/notification/send", body)).data["notification_id"]

    async def _read_note(self) -> Any:
        number = await self._note()
        await self.alice.client.put(f"/notification/{number}/read")
        return number

    async def _archived_note(self) -> Any:
        number = await self._note()
        await self.alice.client.put(f"/notification/{number}/archive")
        return number

    async def _gone_note(self) -> Any:
        number = await self._note()
        await self.alice.client.delete(f"/notification/{number}")
        return number

    async def _session(self) -> Any:
        await self.platform.login(self.alice)
        sessions = (await self.alice.client.get("/auth/sessions")).data["sessions"]
        return next(one["id"] for one in sessions if not one["current"])

    async def _refresh_token(self) -> str:
        return (await self.platform.login(self.alice)).refresh_token

    async def _ended_token(self) -> str:
        token = await self._refresh_token()
        await self.platform.anybody().post("/auth/logout", {"refresh_token": token})
        return token

    async def _stranger(self) -> int:
        return (await self.platform.person("stranger")).id

    async def _followed(self) -> int:
        number = await self._stranger()
        await self.alice.client.post("/relation/follow", {"followee_id": number})
        return number


def assert_row(answer: Answer, row: Row) -> None:
    """The answer is what the row says."""
    body: Json = answer.body
    said = (answer.status, body.get("message", ""))
    assert said == (row.status, row.message), json.dumps(body)[:2000]
    if row.code:
        assert body["code"] == row.code
    assert sorted(one["field"] for one in body.get("details", ())) == sorted(row.issues), body
    if row.shows:
        assert set(row.shows.split()) <= set(body["data"]), body
