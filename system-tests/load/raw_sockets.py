"""Thousands of WebSockets in one process, at the price of a few hundred bytes each.

The `websockets` library would cost the machine more than the server that is to be measured.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

from service_kit.testing import eventually

PATH: Final = "/api/v1/notification/ws"
_AT_ONCE: Final = 100
_OPEN_SECONDS: Final = 30
_ADDRESSES: Final = 4
_HELLO: Final = (
    f"GET {PATH} HTTP/1.1\r\nHost: gateway\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    "Sec-WebSocket-Protocol: pinstack.v1\r\nAuthorization: Bearer {token}\r\n\r\n"
)
_RESUME: Final = b'{"type":"resume"}'
_RESUME_FRAME: Final = bytes([0x81, 0x80 | len(_RESUME), 0, 0, 0, 0]) + _RESUME
"""Masked with zeros, which is a mask (RFC 6455, 5.3)."""
_PONG: Final = bytes([0x8A, 0x80, 0, 0, 0, 0])
_PING: Final = 0x89


class RawSocket(asyncio.Protocol):
    """One socket: says `resume`, answers pings, and counts the frames of a kind that it gets."""

    __slots__ = ("_crowd", "_is_open", "_token", "_transport")

    def __init__(self, crowd: "RawCrowd", token: str) -> None:
        self._crowd = crowd
        self._token = token
        self._is_open = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(_HELLO.format(token=self._token).encode())

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        if not self._is_open:
            assert data.startswith(b"HTTP/1.1 101"), data[:200]
            self._is_open = True
            self._transport.write(_RESUME_FRAME)
        if b'"type":"ready"' in data:
            self._crowd.ready += 1
        if b'"type":"notification"' in data:
            self._crowd.told(data.count(b'"type":"notification"'))
        if data[0] == _PING:
            self._transport.write(_PONG)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self._crowd.lost += 1


class RawCrowd:
    """All sockets; `ready` and `lost` are how many, `arrivals` when frames came (Unix seconds)."""

    def __init__(self) -> None:
        self.ready = 0
        self.lost = 0
        self.arrivals: list[float] = []

    def told(self, count: int) -> None:
        """Notifications have arrived."""
        self.arrivals += [time.time()] * count

    async def open(self, host: str, port: int, tokens: Sequence[str]) -> None:
        """A socket for each token, a few opened at once, from several addresses of this machine."""
        few = asyncio.Semaphore(_AT_ONCE)
        loop = asyncio.get_running_loop()

        async def opened(number: int, token: str) -> None:
            async with few:
                await loop.create_connection(
                    lambda: RawSocket(self, token),
                    host,
                    port,
                    local_addr=(f"127.0.0.{2 + number % _ADDRESSES}", 0),
                )
                await eventually(
                    lambda: self.ready + self.lost > number - _AT_ONCE, _OPEN_SECONDS, "it opens"
                )

        await asyncio.gather(*(opened(*each) for each in enumerate(tokens)))
