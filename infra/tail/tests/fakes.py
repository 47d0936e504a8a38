"""A gateway in the same process: a real socket, HTTP without a network, and a script to follow."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import httpx
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

Json = dict[str, Any]
Script = Callable[[ServerConnection], Awaitable[None]]


@dataclass
class Visit:
    """One connection: the token that it came with, and the frames that its client sent."""

    token: str
    said: list[Json] = field(default_factory=list)


@dataclass
class FakeGateway:
    """Does what `scripts` say, one for each connection, after the client has said `resume`.

    A connection for which there is none stays open. `refusals` are the HTTP statuses with which
    the next handshakes are refused. `http_statuses` are those of the next HTTP calls.
    """

    scripts: deque[Script] = field(default_factory=deque)
    refusals: deque[tuple[int, dict[str, str]]] = field(default_factory=deque)
    http_statuses: deque[int] = field(default_factory=deque)
    visits: list[Visit] = field(default_factory=list)
    feed: list[Json] = field(default_factory=list)
    session: int = 1
    refreshes: int = 0
    url: str = ""

    @property
    def http(self) -> httpx.AsyncClient:
        """A client of its API."""
        transport = httpx.MockTransport(self._answer)
        return httpx.AsyncClient(base_url="http://gateway", transport=transport)

    def _refuse(self, _: ServerConnection, request: Request) -> Response | None:
        if not self.refusals:
            return None
        status, headers = self.refusals.popleft()
        response = Response(status, HTTPStatus(status).phrase, request.headers.copy(), b"")
        response.headers.clear()
        response.headers.update({"Content-Length": "0", **headers})
        return response

    async def _serve(self, socket: ServerConnection) -> None:
        request = socket.request
        assert request is not None
        visit = Visit(request.headers["Authorization"].removeprefix("Bearer "))
        self.visits.append(visit)
        visit.said.append(json.loads(await socket.recv()))
        script = self.scripts.popleft() if self.scripts else stay
        listening = asyncio.create_task(self._listen(socket, visit))
        try:
            await script(socket)
        except ConnectionClosed:
            pass
        finally:
            listening.cancel()
            await asyncio.wait([listening])

    async def _listen(self, socket: ServerConnection, visit: Visit) -> None:
        async for text in socket:
            visit.said.append(json.loads(text))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if self.http_statuses and (status := self.http_statuses.popleft()) != 200:
            message = HTTPStatus(status).phrase.lower()
            return httpx.Response(status, json={"status": status, "message": message})
        match request.url.path.removeprefix("/api/v1"):
            case "/auth/login" | "/auth/register":
                return self._tokens()
            case "/auth/refresh":
                said = json.loads(request.content)
                assert said == {"refresh_token": f"refresh-{self.session}"}
                self.session += 1
                self.refreshes += 1
                return self._tokens()
            case "/notification/feed":
                return enveloped({"notifications": self.feed})
            case _:
                return enveloped({"count": len(self.feed)})

    def _tokens(self) -> httpx.Response:
        tokens = {"access_token": f"access-{self.session}", "expires_in": 900}
        return enveloped({**tokens, "refresh_token": f"refresh-{self.session}"})


def enveloped(data: Json) -> httpx.Response:
    """A success."""
    return httpx.Response(200, json={"status": 200, "data": data})


@asynccontextmanager
async def fake_gateway() -> AsyncIterator[FakeGateway]:
    """One that serves while the block runs."""
    gateway = FakeGateway()
    async with serve(
        gateway._serve,
        "127.0.0.1",
        0,
        process_request=gateway._refuse,
        subprotocols=["pinstack.v1"],  # type: ignore[list-item] # a NewType of str
        ping_interval=None,
    ) as server:
        port = server.sockets[0].getsockname()[1]
        gateway.url = f"http://127.0.0.1:{port}"
        yield gateway


async def stay(socket: ServerConnection) -> None:
    """Say `ready`, and then nothing."""
    await socket.send(json.dumps(ready(0)))
    await socket.wait_closed()


def says(*frames: Json) -> Script:
    """Send frames, and stay."""

    async def script(socket: ServerConnection) -> None:
        for frame in frames:
            await socket.send(json.dumps(frame))
        await socket.wait_closed()

    return script


def closes(code: int, reason: str = "", *frames: Json) -> Script:
    """Send frames, and close."""

    async def script(socket: ServerConnection) -> None:
        for frame in frames:
            await socket.send(json.dumps(frame))
        await socket.close(code, reason)

    return script


def breaks(*frames: Json) -> Script:
    """Send frames, and be gone without a word."""

    async def script(socket: ServerConnection) -> None:
        for frame in frames:
            await socket.send(json.dumps(frame))
        socket.transport.abort()

    return script


def ready(seq: int, unread: int = 0) -> Json:
    """The answer to `resume`."""
    return {"type": "ready", "seq": seq, "unread": unread}


def told(seq: int, kind: str = "greeting", payload: object = None) -> Json:
    """A notification."""
    return {"type": "notification", "seq": seq, "unread": seq, "data": entry(seq, kind, payload)}


def entry(seq: int, kind: str = "greeting", payload: object = None) -> Json:
    """A notification as feeds show it."""
    at = "2026-01-02T03:04:05Z"
    return {
        "id": 100 + seq,
        "user_id": 7,
        "type": kind,
        "seq": seq,
        "created_at": at,
        "is_read": False,
        "payload": payload,
        "unheard_of": True,
    }
