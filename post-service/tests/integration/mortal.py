"""Processes that take a file in and make it ready, each of which kills itself at a point.

`python -m tests.integration.mortal DATABASE_URL` reads lines of JSON: a folder, `whole` or
`pieces`, a point; and answers each with how many points a process has passed, null where it died.
Points are before and after whatever it does to the database and the store, between the chunks that
it is sent, and between the variants that it makes. It forks: to start Python each time takes long.
"""

import asyncio
import inspect
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from service_kit.config import PostgresSettings
from service_kit.database import Database, open_database

from post_service.adapters.event_records import event_to_record
from post_service.adapters.file_types import media_type_of
from post_service.adapters.object_store import ObjectStoreObjects
from post_service.adapters.postgres.resumable import PostgresResumables
from post_service.adapters.postgres.uploads import PostgresUploads
from post_service.application.media import MediaLibrary
from post_service.application.media_ports import Objects, Processors, Resumables, Uploads
from post_service.application.processing import Processing, Sweeping
from post_service.application.resumable import ResumableUploads
from post_service.domain.media import Outcome, Variant
from post_service.domain.receipt import SizeLimits

OWNER = 7
CHUNK = 256 * 1024
CONTENT = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 2600
HALF = len(CONTENT) // 2
VARIANTS = ("small", "large")


class Fate:
    """Counts the points that are passed, and ends the process at one of them."""

    def __init__(self, point: int = 0) -> None:
        self._point = point
        self.passed = 0

    def meet(self) -> None:
        """One more point."""
        self.passed += 1
        if self.passed == self._point:
            os.kill(os.getpid(), signal.SIGKILL)


class Mortal:
    """Does what another object does, and meets its fate before and after."""

    def __init__(self, real: object, fate: Fate) -> None:
        self._real = real
        self._fate = fate

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._real, name)
        if inspect.isasyncgenfunction(method):
            return method

        async def call(*arguments: Any) -> Any:
            self._fate.meet()
            answer = await method(*arguments)
            self._fate.meet()
            return answer

        return call


class TwoVariants:
    """Makes two copies of a file."""

    def __init__(self, fate: Fate) -> None:
        self._fate = fate

    async def process(
        self, source: Path, folder: Path, content_type: str, *, in_idle_time: bool
    ) -> Outcome:
        content, made = source.read_bytes(), []  # noqa: ASYNC240 - small
        for name in VARIANTS:
            (folder / f"{name}.jpg").write_bytes(content)
            made.append(Variant(name, f"{name}.jpg", "image/jpeg", 4, 3, len(content)))
            self._fate.meet()
        return Outcome(4, 3, "L00000fQfQfQfQfQfQfQfQfQfQfQ", tuple(made))


@dataclass
class Life:
    """The use cases over a real database and a real folder, mortal or not."""

    fate: Fate
    uploads: Uploads
    resumables: Resumables
    objects: Objects
    processors: Processors

    @classmethod
    def of(cls, database: Database, folder: Path, fate: Fate | None = None) -> "Life":
        fate = fate or Fate()
        uploads = PostgresUploads(database, event_to_record, lambda: None)
        return cls(
            fate,
            cast(Uploads, Mortal(uploads, fate)),
            cast(Resumables, Mortal(PostgresResumables(database), fate)),
            cast(Objects, Mortal(ObjectStoreObjects(folder.as_uri()), fate)),
            TwoVariants(fate),
        )

    @property
    def library(self) -> MediaLibrary:
        limits = SizeLimits(10**7, 10**7)
        return MediaLibrary(self.uploads, self.objects, media_type_of, limits, 10**9)

    @property
    def resumable(self) -> ResumableUploads:
        return ResumableUploads(self.library, self.resumables)

    @property
    def processing(self) -> Processing:
        return Processing(self.uploads, self.objects, self.processors)

    @property
    def sweeping(self) -> Sweeping:
        return Sweeping(self.uploads, self.resumables, self.objects)

    async def chunks(self, content: bytes) -> AsyncIterator[bytes]:
        """What a client sends."""
        for at in range(0, len(content), CHUNK):
            self.fate.meet()
            yield content[at : at + CHUNK]

    async def take(self, how: str) -> None:
        """Take the file in, in one piece or in two."""
        if how == "whole":
            await self.library.take(OWNER, self.chunks(CONTENT))
            return
        opened = await self.resumable.begin(OWNER, len(CONTENT))
        for at, piece in ((0, CONTENT[:HALF]), (HALF, CONTENT[HALF:])):
            await self.resumable.append(opened.upload.id, OWNER, at, self.chunks(piece))


async def main(url: str, folder: Path, how: str, point: int) -> int:
    """How many points there are."""
    async with open_database(url, PostgresSettings(), "mortal") as database:
        life = Life.of(database, folder, Fate(point))
        await life.take(how)
        while await life.processing.next():
            pass
        return life.fate.passed


def forked(url: str, folder: str, how: str, point: int) -> int | None:
    """How many points a process of its own passes; None where it dies."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        passed = asyncio.run(main(url, Path(folder), how, point))
        os.write(writer, str(passed).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as told:
        text = told.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return None
    return int(text)


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(forked(sys.argv[1], *json.loads(line))), flush=True)
