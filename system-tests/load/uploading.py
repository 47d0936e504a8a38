"""`python -m load.uploading HOST PORT RATE SECONDS < TOKENS`: pictures at a steady rate.

An open loop, as `load.steady` is: real JPEGs of 1 MiB, no two alike, each sent by the next of the
tokens (one a line). Prints [status, milliseconds, number of the token, id of the upload] as JSON.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import uvloop
from PIL import Image

from load.measured import Measured, of_samples

SIZE: Final = 1024 * 1024
_EDGES: Final = (1600, 1200)
_TIMEOUT_SECONDS: Final = 20.0
_FOLDER: Final = Path(__file__).parents[1]
_BOUNDARY: Final = b"a-picture"
_CREATED: Final = 201


@dataclass(frozen=True)
class Upload:
    """What became of one picture; `id` is 0 where it was not taken."""

    status: int
    milliseconds: float
    token: int
    id: int


class Uploading:
    """Pictures sent by a process of its own, begun now."""

    def __init__(self, url: str, tokens: Sequence[str], rate: float, seconds: float) -> None:
        parts = urlsplit(url)
        self._seconds = seconds
        arguments = [str(parts.hostname), str(parts.port), f"{rate:g}", f"{seconds:g}"]
        self._process = subprocess.Popen(  # noqa: S603 -- ourselves
            [sys.executable, "-m", "load.uploading", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=_FOLDER,
        )
        assert self._process.stdin is not None
        self._process.stdin.write("\n".join(tokens).encode())
        self._process.stdin.close()

    def over(self) -> list[Upload]:
        """All of them, once the last one is answered."""
        assert self._process.stdout is not None
        uploads = [Upload(*each) for each in json.loads(self._process.stdout.read())]
        self._process.wait(_TIMEOUT_SECONDS)
        return uploads

    def measured(self, uploads: Sequence[Upload]) -> Measured:
        """What was measured of those that were taken. Raises RuntimeError where one was not."""
        if others := {upload.status for upload in uploads} - {_CREATED}:
            raise RuntimeError(f"uploads were answered with {sorted(others)}")
        return of_samples([upload.milliseconds for upload in uploads], self._seconds)


def a_picture() -> bytes:
    """A JPEG of about 1 MiB: noise is as large as photographs are, and as slow to decode."""
    output = BytesIO()
    noise = [Image.effect_noise(_EDGES, sigma) for sigma in (40, 60, 80)]
    Image.merge("RGB", noise).save(output, "JPEG", quality=76)
    return output.getvalue()


def another(picture: bytes, number: int) -> bytes:
    """The same picture with a comment of its own, and as many bytes as it is to have."""
    comment = number.to_bytes(8, "big")
    marked = picture[:2] + b"\xff\xfe" + (2 + len(comment)).to_bytes(2, "big") + comment
    return (marked + picture[2:]).ljust(SIZE, b"\0")


async def _send(address: tuple[str, int], token: str, picture: bytes) -> tuple[int, int]:
    head = b'--%b\r\ncontent-disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    body = [head % _BOUNDARY, picture, b"\r\n--%b--\r\n" % _BOUNDARY]
    lines = [
        "POST /api/v1/media HTTP/1.1",
        "host: localhost",
        "connection: close",
        f"authorization: Bearer {token}",
        f"content-type: multipart/form-data; boundary={_BOUNDARY.decode()}",
        f"content-length: {sum(map(len, body))}",
    ]
    reader, writer = await asyncio.open_connection(*address)
    try:
        writer.writelines(["\r\n".join([*lines, "", ""]).encode(), *body])
        head, _, answer = (await reader.read()).partition(b"\r\n\r\n")
        status = int(head.split()[1])
        return status, json.loads(answer)["data"]["id"] if status == _CREATED else 0
    finally:
        writer.close()


async def _drive(
    address: tuple[str, int], tokens: Sequence[str], rate: float, seconds: float
) -> list[tuple[int, float, int, int]]:
    answers: list[tuple[int, float, int, int]] = []
    base, first = a_picture(), time.time_ns()

    async def upload(number: int) -> None:
        token, picture = number % len(tokens), another(base, first + number)
        begun, told = time.perf_counter(), (0, 0)
        with suppress(OSError, TimeoutError, ValueError, IndexError):
            async with asyncio.timeout(_TIMEOUT_SECONDS):
                told = await _send(address, tokens[token], picture)
        answers.append((told[0], (time.perf_counter() - begun) * 1000, token, told[1]))

    begun = time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        for number in range(round(rate * seconds)):
            await asyncio.sleep(begun + number / rate - time.monotonic())
            tasks.create_task(upload(number))
    return answers


if __name__ == "__main__":
    _host, _port, _rate, _seconds = sys.argv[1:]
    _tokens = sys.stdin.read().split()
    _driving = _drive((_host, int(_port)), _tokens, float(_rate), float(_seconds))
    print(json.dumps(uvloop.run(_driving)))
