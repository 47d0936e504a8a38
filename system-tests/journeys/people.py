"""People with accounts, and the platform that they have them on."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

import httpx
from service_kit.testing import eventually

from journeys.client import PATIENCE_SECONDS, Client, Json
from journeys.conformance import Conformance, load
from journeys.phone import Phone

HASHED_AT_ONCE: Final = 4


@dataclass
class Person:
    """Somebody with an account."""

    id: int
    username: str
    email: str
    password: str
    refresh_token: str
    client: Client

    async def follow(self, other: "Person") -> None:
        """Follow somebody."""
        answer = await self.client.post("/relation/follow", {"followee_id": other.id})
        assert answer.data == {"message": "Followed successfully"}

    async def unfollow(self, other: "Person") -> None:
        """Follow somebody no longer."""
        answer = await self.client.post("/relation/unfollow", {"followee_id": other.id})
        assert answer.data == {"message": "Unfollowed successfully"}

    async def write(self, title: str, **fields: object) -> Json:
        """Publish a post."""
        post: Json = (await self.client.post("/posts", {"title": title, **fields})).data
        return post

    async def unread(self) -> int:
        """How many notifications are unread."""
        count: int = (await self.client.get("/notification/unread-count")).data["count"]
        return count

    async def has_unread(self, count: int) -> None:
        """Wait until so many notifications are unread."""

        async def is_so() -> bool:
            return await self.unread() == count

        wanted = f"{self.username} has {count} unread"
        await eventually(is_so, PATIENCE_SECONDS, wanted)

    async def feed(self, **query: object) -> list[Json]:
        """Notifications, newest first."""
        answer = await self.client.get("/notification/feed", **query)
        notifications: list[Json] = answer.data["notifications"]
        return notifications


class Platform:
    """A running platform, at the addresses of its gateways.

    Where a method takes the number of a gateway, a platform with fewer of them takes another one.
    """

    def __init__(self, gateways: Sequence[str], connections: Sequence[httpx.AsyncClient]) -> None:
        self._gateways = gateways
        self._connections = connections

    @classmethod
    @asynccontextmanager
    async def at(cls, gateways: Sequence[str]) -> "AsyncIterator[Platform]":
        """The platform whose gateways are at `http://host:port`.

        Every answer that they give is held against the committed document.
        """
        hooks = {"response": [Conformance(load()).check]}
        async with AsyncExitStack() as stack:
            connections = [
                await stack.enter_async_context(
                    httpx.AsyncClient(base_url=gateway, timeout=PATIENCE_SECONDS, event_hooks=hooks)
                )
                for gateway in gateways
            ]
            yield cls(gateways, connections)

    def gateway(self, number: int = 0) -> str:
        """The address of a gateway."""
        return self._gateways[number % len(self._gateways)]

    def connection(self, number: int = 0) -> httpx.AsyncClient:
        """HTTP with a gateway, for what lies outside the base path."""
        return self._connections[number % len(self._connections)]

    def anybody(self, gateway: int = 0) -> Client:
        """Somebody without a token."""
        return Client(self.connection(gateway))

    async def person(self, name: str = "person", *, gateway: int = 0, **profile: object) -> Person:
        """A new account; the name gets a suffix, so that it is nobody else's."""
        username = f"{name}-{secrets.token_hex(4)}"
        email, password = f"{username}@example.com", secrets.token_urlsafe(12)
        account = {"username": username, "email": email, "password": password, **profile}
        client = self.anybody(gateway)
        answer = await client.post("/auth/register", account)
        assert answer.status == 201, answer.body
        client.token = answer.data["access_token"]
        user = answer.data["user"]
        return Person(user["id"], username, email, password, answer.data["refresh_token"], client)

    async def people(self, *names: str) -> list[Person]:
        """New accounts, a few made at the same time: hashing passwords is slow on purpose."""
        few = asyncio.Semaphore(HASHED_AT_ONCE)

        async def person(name: str) -> Person:
            async with few:
                return await self.person(name)

        return await asyncio.gather(*map(person, names))

    async def login(self, person: Person) -> Person:
        """The same person on another device, with a session of its own."""
        client = self.anybody()
        account = {"login": person.username, "password": person.password}
        tokens = (await client.post("/auth/login", account)).data
        client.token = tokens["access_token"]
        return Person(
            person.id,
            person.username,
            person.email,
            person.password,
            tokens["refresh_token"],
            client,
        )

    async def works(self) -> bool:
        """Whether a loop through all services succeeds, through each gateway."""
        return all([await self._works(number) for number in range(len(self._gateways))])

    async def _works(self, gateway: int) -> bool:
        account = {"username": f"probe-{secrets.token_hex(4)}", "password": secrets.token_hex(8)}
        account["email"] = f"{account['username']}@example.com"
        client = self.anybody(gateway)
        made = await client.post("/auth/register", account)
        if made.status != 201:
            return False
        client.token, body = made.data["access_token"], {"user_id": made.data["user"]["id"]}
        answers = [
            await client.get(f"/relation/{body['user_id']}/followers"),
            await client.post("/posts", {"title": "Does it work?"}),
            await client.post("/notification/send", {**body, "type": "probe"}),
        ]
        return all(answer.status < 400 for answer in answers)

    @asynccontextmanager
    async def phone(
        self, owner: Person, after_seq: int | None = None, *, gateway: int = 0
    ) -> AsyncIterator[Phone]:
        """A live connection of somebody, from now on or from a seq on."""
        phone = Phone(self.gateway(gateway), owner.client, after_seq)
        try:
            await phone.open()
            yield phone
        finally:
            await phone.close()
