"""SIGKILL at every point between the first byte and the last variant leaves nothing half stored."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from service_kit.config import PostgresSettings
from service_kit.database import Database, open_database

from post_service.domain.media import State
from tests.integration.mortal import CONTENT, HALF, OWNER, VARIANTS, Life

ROOT = Path(__file__).parents[2]
TABLES = "media, uploads, resumable_uploads, doomed_objects, outbox"
TWO_DAYS = timedelta(days=2).total_seconds()
EXPECTED = {"whole": 20, "pieces": 30}
"""Fewer points than these, and something is no longer watched."""


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(database_url, PostgresSettings(), "test") as opened:
        yield opened


class Mortals:
    """Processes that die when they are told."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def live(self, folder: Path, how: str, point: int) -> int | None:
        """How many points a process passes that is to die at one of them; None where it did."""
        said, heard = self._process.stdin, self._process.stdout
        assert said is not None
        assert heard is not None
        said.write(json.dumps([str(folder), how, point]).encode() + b"\n")
        passed: int | None = json.loads(await heard.readline())
        return passed


@pytest.fixture
async def mortals(database_url: str) -> AsyncIterator[Mortals]:
    command = [sys.executable, "-m", "tests.integration.mortal", database_url]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=pipe, stdout=pipe)
    yield Mortals(process)
    process.kill()
    await process.wait()


def stored(folder: Path) -> dict[str, bytes]:
    """All files by key; what is being written has no key."""
    files = [path for path in folder.rglob("*") if path.is_file() and "#" not in path.name]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def assert_nothing_is_half(folder: Path) -> None:
    """What is seen under a key is whole."""
    for key, content in stored(folder).items():
        assert content in (CONTENT, CONTENT[:HALF], CONTENT[HALF:]), f"{key} is half"


async def resume(life: Life, database: Database, how: str) -> None:
    """What a client does that got no answer: it sends again, or goes on."""
    row = await database.fetch_row("one", "SELECT id FROM resumable_uploads")
    if how == "whole" or row is None:
        await life.take(how)
        return
    upload = (await life.resumable.get(row["id"], OWNER)).upload
    for at, piece in ((0, CONTENT[:HALF]), (HALF, CONTENT[HALF:])):
        if upload.offset <= at and upload.media_id is None:
            await life.resumable.append(upload.id, OWNER, at, life.chunks(piece))


async def work(life: Life, database: Database) -> None:
    """What another process does once the lease of the dead one is over."""
    await database.fetch("age", "UPDATE uploads SET leased_until = NULL")
    while await life.processing.next():
        pass


def age(folder: Path) -> None:
    """Let all files be of two days ago."""
    for path in (path for path in folder.rglob("*") if path.is_file()):
        written = path.stat().st_mtime - TWO_DAYS
        os.utime(path, (written, written))


def unfinished(folder: Path) -> list[Path]:
    """What was being written."""
    return list(folder.rglob("*#*"))


async def sweep(life: Life, database: Database, folder: Path) -> None:
    """What is done two days later; the upload itself is kept, as if something showed it."""
    age(folder)
    await database.fetch("age", "UPDATE doomed_objects SET doomed_at = doomed_at - interval '2 d'")
    await life.sweeping.sweep()


async def states(database: Database) -> list[tuple[str, str]]:
    """State and stem of every upload."""
    rows = await database.fetch("states", "SELECT state, stem FROM uploads")
    return [(row["state"], row["stem"]) for row in rows]


async def check_after(
    point: int, database: Database, folder: Path, how: str, *, client_is_first: bool
) -> None:
    """Whoever comes first after the crash: the upload is ready or unknown, then ready."""
    life = Life.of(database, folder)
    assert_nothing_is_half(folder)
    if client_is_first:
        await resume(life, database, how)
        await work(life, database)
    else:
        await work(life, database)
        assert {state for state, _ in await states(database)} <= {State.READY}
        await resume(life, database, how)
        await work(life, database)
    await sweep(life, database, folder)
    ((state, stem),) = await states(database)
    assert state == State.READY, f"after {point}"
    assert stored(folder) == {f"media/{stem}/{name}.jpg": CONTENT for name in VARIANTS}
    assert unfinished(folder) == []


@pytest.mark.timeout(300)
@pytest.mark.parametrize("client_is_first", [True, False])
@pytest.mark.parametrize("how", ["whole", "pieces"])
async def test_a_kill_at_any_point_leaves_nothing_half(
    database: Database, mortals: Mortals, tmp_path: Path, how: str, client_is_first: bool
) -> None:
    point, passed = 1, None
    while passed is None:
        await database.fetch("empty", f"TRUNCATE {TABLES}")
        folder = tmp_path / str(point)
        passed = await mortals.live(folder, how, point)
        await check_after(point, database, folder, how, client_is_first=client_is_first)
        point += 1
    assert passed == point - 2 >= EXPECTED[how]


@pytest.mark.parametrize("how", ["whole", "pieces"])
async def test_what_nobody_comes_back_for_is_swept(
    database: Database, mortals: Mortals, tmp_path: Path, how: str
) -> None:
    for point in (6, 8, 10):
        await database.fetch("empty", f"TRUNCATE {TABLES}")
        folder = tmp_path / str(point)
        assert await mortals.live(folder, how, point) is None
        await database.fetch("age", "UPDATE uploads SET expires_at = expires_at - interval '2 d'")
        await database.fetch("age", "UPDATE resumable_uploads SET expires_at = now()")
        life = Life.of(database, folder)
        for _ in range(2):
            await sweep(life, database, folder)
        assert await states(database) == []
        assert stored(folder) == {}
