"""A client as an application would write it; it checks the envelope of whatever it gets."""

import asyncio
import json
import secrets
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

API: Final = "/api/v1"
PATIENCE_SECONDS: Final = 20
PROTOCOL: Final = Subprotocol("pinstack.v1")

Json = dict[str, Any]

_COUNTED: Final = ("notification", "withdrawn")


@dataclass(frozen=True)
class Answer:
    """A response in the envelope."""

    status: int
    body: Json
    headers: httpx.Headers

    @property
    def data(self) -> Any:
        """The data of a success."""
        assert self.status < 400, f"{self.status}: {self.body}"
        return self.body.get("data")

    @property
    def error(self) -> tuple[int, str]:
        """Status and message of an error."""
        assert self.status >= 400, f"{self.status}: {self.body}"
        return self.status, self.body["error"]


class Client:
    """Calls the API, with or without a token."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self.token: str | None = None

    async def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, object] | None = None,
    ) -> Answer:
        """One request; `path` is below the base path."""
        own = {"authorization": f"Bearer {self.token}"} if self.token else {}
        response = await self._http.request(
            method,
            API + path,
            json=body,
            params={name: str(value) for name, value in (query or {}).items()},
            headers={**own, **(headers or {})},
        )
        return checked(response)

    async def get(self, path: str, **query: object) -> Answer:
        """GET."""
        return await self.call("GET", path, query=query)

    async def post(self, path: str, body: object = None) -> Answer:
        """POST."""
        return await self.call("POST", path, body)

    async def put(self, path: str, body: object = None) -> Answer:
        """PUT."""
        return await self.call("PUT", path, body)

    async def delete(self, path: str) -> Answer:
        """DELETE."""
        return await self.call("DELETE", path)


def checked(response: httpx.Response) -> Answer:
    """The answer, if it has the shape that every answer has (REST API, part 1)."""
    assert response.headers.get("x-request-id"), f"{response.url} has no X-Request-Id"
    assert response.headers["x-content-type-options"] == "nosniff"
    if response.status_code in (204, 304):
        assert not response.content
        return Answer(response.status_code, {}, response.headers)
    body = response.json()
    assert body["status"] == response.status_code
    assert body["timestamp"].endswith("Z")
    datetime.fromisoformat(body["timestamp"])
    if response.is_error:
        assert body["error"] == body["message"]
        assert body["code"].replace("_", "").isalnum()
        assert body["code"].isupper()
        assert body["request_id"] == response.headers["x-request-id"]
    return Answer(response.status_code, body, response.headers)


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

    async def feed(self, **query: object) -> list[Json]:
        """Notifications, newest first."""
        answer = await self.client.get("/notification/feed", **query)
        notifications: list[Json] = answer.data["notifications"]
        return notifications


class Platform:
    """A running platform, at the address of its gateway."""

    def __init__(self, gateway: str, http: httpx.AsyncClient) -> None:
        self.gateway = gateway
        self.http = http

    @classmethod
    @asynccontextmanager
    async def at(cls, gateway: str) -> "AsyncIterator[Platform]":
        """The platform whose gateway is at `http://host:port`."""
        async with httpx.AsyncClient(base_url=gateway, timeout=PATIENCE_SECONDS) as http:
            yield cls(gateway, http)

    def anybody(self) -> Client:
        """Somebody without a token."""
        return Client(self.http)

    async def person(self, name: str = "person", **profile: object) -> Person:
        """A new account; the name gets a suffix, so that it is nobody else's."""
        username = f"{name}-{secrets.token_hex(4)}"
        email, password = f"{username}@example.com", secrets.token_urlsafe(12)
        account = {"username": username, "email": email, "password": password, **profile}
        client = self.anybody()
        answer = await client.post("/auth/register", account)
        assert answer.status == 201, answer.body
        client.token = answer.data["access_token"]
        user = answer.data["user"]
        return Person(user["id"], username, email, password, answer.data["refresh_token"], client)

    @asynccontextmanager
    async def phone(self, owner: Person, after_seq: int | None = None) -> "AsyncIterator[Phone]":
        """A live connection of somebody, from now on or from a seq on."""
        phone = Phone(self.gateway, owner, after_seq)
        await phone.open()
        try:
            yield phone
        finally:
            await phone.close()


@dataclass
class Phone:
    """A live connection; it knows the last seq it saw, and that none may be missing or doubled."""

    gateway: str
    owner: Person
    seq: int | None = None
    ready: Json = field(default_factory=dict)
    _socket: ClientConnection | None = None
    _held: deque[Json] = field(default_factory=deque)

    async def open(self) -> None:
        """Connect and resume."""
        self._socket = await connect(
            self.gateway.replace("http", "ws", 1) + f"{API}/notification/ws",
            additional_headers={"authorization": f"Bearer {self.owner.client.token}"},
            subprotocols=[PROTOCOL],
            proxy=None,
        )
        assert self._socket.subprotocol == PROTOCOL
        after = {} if self.seq is None else {"after_seq": self.seq}
        await self.send({"type": "resume", **after})
        self.ready = await self.frame("ready")
        if self.seq is None:
            self.seq = self.ready["seq"]

    async def close(self) -> None:
        """Go offline."""
        if self._socket is not None:
            await self._socket.close()
            self._socket = None

    async def send(self, frame: Json) -> None:
        """Say something to the server."""
        assert self._socket is not None
        await self._socket.send(json.dumps(frame))

    async def notification(self, kind: str | None = None) -> Json:
        """The next notification; its seq must be the one that follows the last."""
        frame = await self.frame("notification")
        data: Json = frame["data"]
        assert kind in (None, data["type"]), f"{data['type']} where {kind} was due"
        assert frame["unread"] >= 0
        return {**data, "unread": frame["unread"]}

    async def frame(self, kind: str) -> Json:
        """The next frame of a kind; others before it are kept for later, pings are left out."""
        for held in self._held:
            if held["type"] == kind:
                self._held.remove(held)
                return held
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                frame = await self._receive()
                if frame["type"] == kind:
                    return frame
                if frame["type"] != "ping":
                    self._held.append(frame)

    async def closed(self) -> int:
        """The code with which the server closes the connection."""
        with_code: int | None = None
        async with asyncio.timeout(PATIENCE_SECONDS):
            while with_code is None:
                try:
                    await self._receive()
                except ConnectionClosed as end:
                    with_code = end.rcvd.code if end.rcvd else 1006
        return with_code

    async def _receive(self) -> Json:
        assert self._socket is not None
        frame: Json = json.loads(await self._socket.recv())
        if (
            "seq" in frame
            and frame["type"] in ("notification", "withdrawn")
            and self.seq is not None
        ):
            self._count(frame)
        return frame

    def _count(self, frame: Json) -> None:
        """Every seq comes once, in order; a withdrawal of one that was seen repeats its own."""
        assert self.seq is not None
        if frame["type"] == "withdrawn" and frame["seq"] <= self.seq:
            return
        assert frame["seq"] == self.seq + 1, f"after {self.seq} came {frame['seq']}"
        self.seq = frame["seq"]
