"""Liveness and readiness, and the admin HTTP port that shows them with the metrics."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson
import uvicorn
from prometheus_client import REGISTRY
from prometheus_client.exposition import choose_encoder

Check = Callable[[], Awaitable[object]]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Scope]]
Send = Callable[[Scope], Awaitable[None]]

_CHECK_SECONDS = 1.0
_SATISFYING = {"/readyz": ("ok", "degraded"), "/health": ("ok",)}
"""The statuses that are 200: ready to take requests, or nothing at all amiss."""
_FIRST_REQUEST_SECONDS = 0.5


class Health:
    """What a process depends on, and whether it takes requests."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.draining = False
        self._checks: dict[str, Check] = {}
        self._optional: set[str] = set()
        self._awaited: dict[str, float] = {}
        self._started = False

    def require(self, name: str, check: Check) -> None:
        """Make readiness depend on `check`, which raises when its dependency is away."""
        self._checks[name] = check

    def observe(self, name: str, check: Check) -> None:
        """Show the state of a dependency that the process can do without for a while."""
        self._checks[name] = check
        self._optional.add(name)

    def expect(self, name: str, check: Check, seconds: float = 15.0) -> None:
        """Observe a dependency, but be unready at first until it was there once.

        After `seconds` the process serves what it can without it: one service that is away must
        not keep those that call it from serving the rest.
        """
        self.observe(name, check)
        self._awaited[name] = time.monotonic() + seconds

    def started(self) -> None:
        """Say that start-up is over; before, the process is alive and not ready."""
        self._started = True

    async def report(self) -> dict[str, object]:
        """`{"status", "service", "dependencies": {name: "ok" | reason}}`.

        The status is `ok`, `degraded` (ready, but something is away that not everything needs), or
        `unavailable`.
        """
        reasons = await asyncio.gather(*map(_state, self._checks.values()))
        dependencies = dict(zip(self._checks, reasons, strict=True))
        if not self._started:
            dependencies["startup"] = "starting"
        if self.draining:
            dependencies["shutdown"] = "draining"
        faults = {name for name, state in dependencies.items() if state != "ok"}
        return {
            "status": self._status(faults),
            "service": self.service,
            "dependencies": dependencies,
        }

    def _status(self, faults: set[str]) -> str:
        now = time.monotonic()
        self._awaited = {
            name: until for name, until in self._awaited.items() if name in faults and until > now
        }
        if faults - self._optional or self._awaited:
            return "unavailable"
        return "degraded" if faults else "ok"


async def _state(check: Check) -> str:
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            await check()
    except TimeoutError:
        return "timeout"
    except Exception as error:
        return type(error).__name__
    return "ok"


@dataclass(frozen=True, slots=True)
class AdminServer:
    """The admin port that a process listens on."""

    port: int


class Server(uvicorn.Server):
    """uvicorn that leaves the signals to `service_kit.runtime`."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End, but not under the hands of those who have connected and whose request is on its way.

        uvicorn resets such connections, and those that the kernel has accepted for it.
        """
        await asyncio.sleep(0)  # the loop takes in who waits in the backlog
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        await self._hear_out()
        await super().shutdown(sockets)

    async def _hear_out(self) -> None:
        deadline = time.monotonic() + _FIRST_REQUEST_SECONDS
        while any(map(_has_asked_nothing, self.server_state.connections)):
            if time.monotonic() > deadline:
                return
            await asyncio.sleep(0.01)


def _has_asked_nothing(connection: object) -> bool:
    """Whether a connection is one of HTTP on which no request has begun."""
    return getattr(connection, "cycle", connection) is None


@asynccontextmanager
async def serve_http(config: uvicorn.Config, listener: socket.socket) -> AsyncIterator[Server]:
    """uvicorn on an open socket while the block runs; requests in flight end before it does."""
    server = Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]), name="http server")
    try:
        while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.005)
        yield server
    finally:
        server.should_exit = True
        await task


def listen(host: str, port: int) -> socket.socket:
    """A listening TCP socket; port 0 is any free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=2048)


@asynccontextmanager
async def serve_admin(host: str, port: int, health: Health) -> AsyncIterator[AdminServer]:
    """`/livez`, `/readyz`, `/health` and `/metrics` on a port of their own while the block runs."""
    listener = listen(host, port)
    config = uvicorn.Config(
        _admin(health), http="h11", ws="none", lifespan="off", log_config=None, access_log=False
    )
    async with serve_http(config, listener):
        yield AdminServer(port=listener.getsockname()[1])


def _admin(health: Health) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    async def app(scope: Scope, _receive: Receive, send: Send) -> None:
        status, content_type, body = await _answer(scope, health)
        headers = [(b"content-type", content_type), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


async def _answer(scope: Scope, health: Health) -> tuple[int, bytes, bytes]:
    path = scope["path"]
    if path == "/metrics":
        # Exemplars are in OpenMetrics only, which Prometheus asks for.
        encode, content_type = choose_encoder(dict(scope["headers"]).get(b"accept", b"").decode())
        return 200, content_type.encode(), encode(REGISTRY)
    if path == "/livez":
        return 200, b"application/json", orjson.dumps({"status": "ok", "service": health.service})
    if path in _SATISFYING:
        report = await health.report()
        status = 200 if report["status"] in _SATISFYING[path] else 503
        return status, b"application/json", orjson.dumps(report)
    return 404, b"application/json", orjson.dumps({"status": "not found"})
