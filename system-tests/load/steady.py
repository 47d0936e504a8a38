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
    """What goes over the wire: HTTP/1.1, one request a connection."""
    body = request.body.encode()
    lines = [f"{request.method} {request.path} HTTP/1.1", "host: localhost", "connection: close"]
    if request.token:
        lines.append(f"authorization: Bearer {request.token}")
    if body:
        lines += ["content-type: application/json", f"content-length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def _drive(
    address: tuple[str, int], request: bytes, rate: float, seconds: float
) -> list[tuple[int, float]]:
    answers: list[tuple[int, float]] = []

    async def ask() -> None:
        begun, status = time.perf_counter(), 0
        with suppress(OSError, TimeoutError, ValueError, IndexError):
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                status = await status_of(address, request)
        answers.append((status, (time.perf_counter() - begun) * 1000))

    begun = time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        for number in range(round(rate * seconds)):
            await asyncio.sleep(begun + number / rate - time.monotonic())
            tasks.create_task(ask())
    return answers


async def status_of(address: tuple[str, int], request: bytes) -> int:
    """Send it and read the whole answer. Raises OSError, ValueError or IndexError without one."""
    reader, writer = await asyncio.open_connection(*address)
    try:
        writer.write(request)
        line = await reader.readline()
        await reader.read()
        return int(line.split()[1])
    finally:
        writer.close()


if __name__ == "__main__":
    _host, _port, _rate, _seconds = sys.argv[1:]
    _request = sys.stdin.buffer.read()
    _driving = _drive((_host, int(_port)), _request, float(_rate), float(_seconds))
    print(json.dumps(asyncio.run(_driving)))
