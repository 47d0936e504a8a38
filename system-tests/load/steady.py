"""`python -m load.steady HOST PORT RATE SECONDS < request`: one request at a steady rate.

An open loop: whoever waits for an answer keeps nobody else from asking, as people are. Prints
pairs (status, milliseconds) as JSON; status 0 is no answer.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import uvloop

from load.generators import Request
from load.measured import Measured, of_samples

_TIMEOUT_SECONDS: Final = 20.0
"""More than the gateway takes for anything."""
_FOLDER: Final = Path(__file__).parents[1]


class Steady:
    """Requests of one kind in a process of its own, begun now, measured when they are over."""

    def __init__(self, url: str, request: Request, rate: float, seconds: float) -> None:
        parts = urlsplit(url)
        self._seconds = seconds
        arguments = [str(parts.hostname), str(parts.port), f"{rate:g}", f"{seconds:g}"]
        self._process = subprocess.Popen(  # noqa: S603 -- ourselves
            [sys.executable, "-m", "load.steady", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=_FOLDER,
        )
        assert self._process.stdin is not None
        self._process.stdin.write(bytes_of(request))
        self._process.stdin.close()

    def measured(self) -> dict[int, Measured]:
        """By status: what was measured of the answers with it (0: no answer)."""
        assert self._process.stdout is not None
        latencies: dict[int, list[float]] = defaultdict(list)
        for status, milliseconds in json.loads(self._process.stdout.read()):
            latencies[status].append(milliseconds)
        self._process.wait(_TIMEOUT_SECONDS)
        return {status: of_samples(found, self._seconds) for status, found in latencies.items()}


def bytes_of(request: Request) -> bytes:
    """What goes over the wire: HTTP/1.1, on a connection that is kept."""
    body = request.body.encode()
    lines = [f"{request.method} {request.path} HTTP/1.1", "host: localhost"]
    if request.token:
        lines.append(f"authorization: Bearer {request.token}")
    if body:
        lines += ["content-type: application/json", f"content-length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Connections:
    """Connections to one address, kept between requests as those of an app or a proxy are."""

    def __init__(self, host: str, port: int) -> None:
        self._address = host, port
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def status_of(self, request: bytes) -> int:
        """Send it and read the whole answer.

        Raises OSError, EOFError, ValueError or IndexError without one.
        """
        reader, writer = await self._one()
        try:
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(head.partition(b"content-length:")[2].split()[0]))
        except BaseException:
            writer.close()
            raise
        if b"connection: close" in head:
            writer.close()
        else:
            self._idle.append((reader, writer))
        return int(head.split()[1])

    def close(self) -> None:
        """End those that are idle."""
        for _, writer in self._idle:
            writer.close()

    async def _one(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return self._idle.pop() if self._idle else await asyncio.open_connection(*self._address)


async def _drive(
    connections: Connections, request: bytes, rate: float, seconds: float
) -> list[tuple[int, float]]:
    answers: list[tuple[int, float]] = []

    async def ask() -> None:
        begun, status = time.perf_counter(), 0
        with suppress(OSError, EOFError, TimeoutError, ValueError, IndexError):
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                status = await connections.status_of(request)
        answers.append((status, (time.perf_counter() - begun) * 1000))

    begun = time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        for number in range(round(rate * seconds)):
            await asyncio.sleep(begun + number / rate - time.monotonic())
            tasks.create_task(ask())
    connections.close()
    return answers


if __name__ == "__main__":
    _host, _port, _rate, _seconds = sys.argv[1:]
    _request = sys.stdin.buffer.read()
    _driving = _drive(Connections(_host, int(_port)), _request, float(_rate), float(_seconds))
    print(json.dumps(uvloop.run(_driving)))
