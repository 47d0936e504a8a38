"""A server whose door looks at every request, and clients of it by raw sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field

import pytest
import uvicorn
from service_kit.health import listen, serve_http

from api_gateway.adapters.http import protocol
from api_gateway.adapters.http.cors import Cors
from api_gateway.adapters.http.crowd import FEWEST, Crowd
from api_gateway.adapters.http.door import Door
from api_gateway.adapters.http.operations import routes_of
from tests.unit.http.client import EdgeOfTest
from tests.unit.http.things import Things

SERVICE = "things-service"
ORIGIN = "https://app.example"
GET = b"GET /api/v1/things HTTP/1.1\r\nhost: x\r\n"
PUT = b"PUT /api/v1/things/all HTTP/1.1\r\nhost: x\r\n"


@dataclass
class Place:
    """A server, the crowd at its door, and the things behind it."""

    port: int
    door: Door
    crowd: Crowd
    things: Things
    waiting: ExitStack = field(default_factory=ExitStack)

    def fill(self) -> None:
        """Let nobody in any more."""
        self.crowd.limit = FEWEST
        for _ in range(FEWEST):
            self.waiting.enter_context(self.crowd)

    def clear(self) -> None:
        """Have everybody go who waited."""
        self.waiting.close()


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def ask(
        self, *pieces: bytes, with_body: bool = True
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, header fields and body of the next answer."""
        for piece in pieces:
            self.writer.write(piece)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        fields = dict(line.split(": ", 1) for line in lines)
        length = int(fields.get("content-length", "0")) if with_body else 0
        return int(first.split(" ")[1]), fields, await self.reader.readexactly(length)

    async def is_closed(self) -> bool:
        return await self.reader.read() == b""


@asynccontextmanager
async def opened(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    """A server that looks at every request, however few there are."""
    monkeypatch.setattr(protocol, "FEW_CONNECTIONS", -1)
    monkeypatch.setattr(protocol, "FEWEST", 0)
    crowd, things = Crowd(SERVICE), Things()
    routes = list(routes_of(things, tag="things", service=SERVICE))
    edge = EdgeOfTest(crowds={SERVICE: crowd}, origins=[ORIGIN], places=400, timeout_seconds=30)
    app = edge.app(routes)
    door = Door(app.visit, Cors([ORIGIN]))

    def made(*given: object, **named: object) -> protocol.EnvelopedHttp:
        return protocol.EnvelopedHttp(*given, door=door, **named)

    config = uvicorn.Config(
        app,
        http=made,  # type: ignore[arg-type] # makes such a class
        lifespan="off",
        log_config=None,
    )
    listener = listen("127.0.0.1", 0)
    async with serve_http(config, listener):
        yield Place(listener.getsockname()[1], door, crowd, things)


@asynccontextmanager
async def connected(place: Place) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection("127.0.0.1", place.port)
    async with asyncio.timeout(5):
        yield Client(reader, writer)
    writer.close()
