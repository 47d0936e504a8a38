"""The gateway's live channel on a real port, a notification-service behind it, clients of it."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import httpx
import uvicorn
from httpx_sse import EventSource, aconnect_sse
from prometheus_client import REGISTRY
from service_kit.config import GrpcSettings
from service_kit.grpc_client import open_channel
from service_kit.health import listen, serve_http
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from api_gateway.adapters.grpc.notification_replicas import notification_sources
from api_gateway.adapters.grpc.notification_stream import SERVICE, GrpcInboxes
from api_gateway.adapters.grpc.notifications import GrpcNotifications
from api_gateway.adapters.http.rate_limits import RateLimits
from api_gateway.adapters.http.schemas.notification import shown
from api_gateway.adapters.live.callers import Callers
from api_gateway.adapters.live.routes import WEBSOCKETS, drop_stuck_clients, live_routes
from api_gateway.application.live.dialogue import Dialogue
from api_gateway.application.live.hub import Hub
from api_gateway.application.live.limits import Limits
from tests.fakes.live import InMemoryInboxes, InMemoryRevocations, KnownTokens
from tests.fakes.notification_service import NotificationServiceOfTest
from tests.fakes.tickets import InMemoryTickets
from tests.live.asyncapi import checked_frame
from tests.unit.http.client import EdgeOfTest

QUICK = Limits(tick_seconds=0.01, closing_seconds=1.0, reconcile_seconds=1e9)
ORIGINS = ("https://app.example",)


@dataclass
class LiveGateway:
    """The gateway and all that it stands on."""

    listener: socket.socket
    hub: Hub
    inboxes: InMemoryInboxes
    service: NotificationServiceOfTest
    tokens: KnownTokens
    tickets: InMemoryTickets
    revocations: InMemoryRevocations

    @property
    def port(self) -> int:
        port: int = self.listener.getsockname()[1]
        return port

    @property
    def websocket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/api/v1/notification/ws"

    @property
    def stream_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v1/notification/stream"

    def bearer(self, token: str | None = None) -> dict[str, str]:
        return {"Authorization": f"Bearer {token or self.tokens.of()}"}

    @asynccontextmanager
    async def socket(
        self,
        token: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        protocols: tuple[str, ...] = ("pinstack.v1",),
        query: str = "",
        origin: str | None = None,
        **options: Any,
    ) -> AsyncIterator["Client"]:
        """A client; by default one that shows a good token in the header."""
        async with connect(
            self.websocket_url + query,
            additional_headers=self.bearer(token) if headers is None else headers,
            subprotocols=[Subprotocol(name) for name in protocols],
            origin=None if origin is None else Origin(origin),
            proxy=None,
            **options,
        ) as connection:
            yield Client(connection)

    @asynccontextmanager
    async def events(
        self, token: str | None = None, *, query: str = "", **headers: str
    ) -> AsyncIterator[EventSource]:
        """A client of the event stream."""
        fields = self.bearer(token) | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        async with (
            httpx.AsyncClient(timeout=5.0, trust_env=False) as client,
            aconnect_sse(client, "GET", self.stream_url + query, headers=fields) as source,
        ):
            yield source

    async def get(self, url: str, **headers: str) -> httpx.Response:
        async with httpx.AsyncClient(timeout=5.0, trust_env=False) as client:
            return await client.get(url, headers=headers)


@dataclass
class Client:
    """A WebSocket client that reads and writes JSON."""

    connection: ClientConnection

    async def say(self, **frame: object) -> None:
        await self.connection.send(json.dumps(frame))

    async def hear(self, kind: str | None = None) -> dict[str, Any]:
        """The next frame; of a kind, if one is given: then no other may come first, but pings."""
        async with asyncio.timeout(5):
            while True:
                frame = checked_frame(await self.connection.recv())
                if frame["type"] == "ping" and kind != "ping":
                    continue
                assert kind in (None, frame["type"]), frame
                return frame

    async def resume(self, after_seq: int | None = None) -> dict[str, Any]:
        await self.say(type="resume", after_seq=after_seq)
        return await self.hear("ready")

    async def frames(self) -> AsyncIterator[dict[str, Any]]:
        """All frames up to the end."""
        async with asyncio.timeout(8):
            with suppress(ConnectionClosed):
                while True:
                    yield checked_frame(await self.connection.recv())

    async def closed(self) -> tuple[int, str]:
        """The code and reason that the server closes with; frames before that are passed over."""
        async for _ in self.frames():
            pass
        return self.connection.close_code or 0, self.connection.close_reason or ""


@asynccontextmanager
async def live_gateway(
    limits: Limits = QUICK, **uvicorn_options: Any
) -> AsyncIterator[LiveGateway]:
    """All of it, while the block runs."""
    inboxes, revocations = InMemoryInboxes(), InMemoryRevocations()
    inboxes.sources.clear()
    tokens, tickets = KnownTokens(), InMemoryTickets()
    service = NotificationServiceOfTest(inboxes)
    await service.start()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(service.stop)
        settings = GrpcSettings()
        channel = await stack.enter_async_context(open_channel(service.address, SERVICE, settings))
        sources = notification_sources(service.address, settings)
        hub = Hub(GrpcInboxes(channel), sources, revocations, limits)
        running = asyncio.create_task(hub.run())
        stack.push_async_callback(_cancelled, running)
        dialogue = Dialogue(GrpcNotifications(channel), tokens, RateLimits(None, {}))
        callers = Callers(tokens, tickets, ORIGINS)
        app = EdgeOfTest().app([], live_routes(hub, dialogue, callers, shown))
        options = {**WEBSOCKETS, "lifespan": "off", "log_config": None, **uvicorn_options}
        listener = listen("127.0.0.1", 0)
        drop_stuck_clients(listener)
        await stack.enter_async_context(serve_http(uvicorn.Config(app, **options), listener))
        stack.push_async_callback(hub.close)
        yield LiveGateway(listener, hub, inboxes, service, tokens, tickets, revocations)


def quick(**changes: Any) -> Limits:
    """The limits of these tests, some of them changed."""
    return replace(QUICK, **changes)


def dropped(carrier: str) -> float:
    """Frames that were given up so far."""
    labels = {"carrier": carrier, "outcome": "dropped"}
    return REGISTRY.get_sample_value("pinstack_live_frames_total", labels) or 0.0


def narrow(gateway: LiveGateway) -> socket.socket:
    """A connection that holds a few frames on their way, not megabytes."""
    gateway.listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
    client.connect(("127.0.0.1", gateway.port))
    return client


@asynccontextmanager
async def raw_client(
    gateway: LiveGateway, request: str, sock: socket.socket | None = None
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A client of bytes: `request` is a request line and fields; it shows a good token."""
    host, port = (None, None) if sock else ("127.0.0.1", gateway.port)
    reader, writer = await asyncio.open_connection(host, port, sock=sock, limit=4096)
    bearer = gateway.bearer()["Authorization"]
    writer.write(f"{request}\r\nHost: gateway\r\nAuthorization: {bearer}\r\n\r\n".encode())
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
