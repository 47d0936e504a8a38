"""HTTP/1.1 as uvicorn speaks it, but for what is no HTTP: that too is refused in the envelope."""

import asyncio
import secrets
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api_gateway.adapters.http.answer import refused
from api_gateway.adapters.http.errors import InvalidInput


class Corked:
    """A transport that sends the head of an answer together with what follows it.

    Each write is a system call, and the head and the body of an answer are two. What nothing
    follows leaves in the next turn of the event loop.
    """

    __slots__ = ("_held", "_loop", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._held = b""

    def write(self, data: bytes) -> None:
        """Hold the first part, send it with the second."""
        if self._held:
            held, self._held = self._held, b""
            self._transport.write(held + data)
        elif data:
            self._held = data
            self._loop.call_soon(self.flush)

    def flush(self) -> None:
        """Send what is held."""
        if self._held:
            held, self._held = self._held, b""
            self._transport.write(held)

    def close(self) -> None:
        """Send what is held, and hang up."""
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class EnvelopedHttp(HttpToolsProtocol):
    """Answers a request that cannot be parsed, before there is one for the application."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Write through a cork; flow control stays with the transport itself."""
        super().connection_made(transport)
        self._cork = Corked(transport)
        self._uncorked = transport
        self.transport = self._cork  # type: ignore[assignment]

    def handle_websocket_upgrade(self) -> None:
        """Sockets write whole frames: they get the transport without the cork."""
        self._cork.flush()
        self.transport = self._uncorked
        super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - says nothing of use
        """Refuse and hang up."""
        request_id = secrets.token_hex(16)
        body = refused(400, InvalidInput.code, InvalidInput.message, request_id=request_id).body
        lines = (
            "HTTP/1.1 400 Bad Request",
            "content-type: application/json",
            f"content-length: {len(body)}",
            f"x-request-id: {request_id}",
            "cache-control: no-store",
            "x-content-type-options: nosniff",
            "connection: close",
        )
        self.transport.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        self.transport.close()
