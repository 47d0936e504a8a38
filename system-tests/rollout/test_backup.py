"""What `make backup` wrote, `make restore` puts back: all that people had, and their sessions."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from journeys.people import Person, Platform
from pinstack_local.catalogue import SERVICES
from pinstack_local.settings import StackSettings
from pinstack_local.stack import Stack
from service_kit.testing import eventually

DOMAINS = [spec.name for spec in SERVICES if spec.database]
TABLES = (
    "SELECT tablename FROM pg_tables WHERE schemaname = 'public' "
    "AND tablename NOT IN ('outbox', 'inbox') ORDER BY tablename"
)
Content = dict[str, list[str]]


@dataclass
class World:
    """What there was when the backup was made."""

    ada: Person
    grace: Person
    profile: dict[str, Any]
    content: Content


async def test_a_backup_restores_people_posts_inboxes_and_their_sessions(tmp_path: Path) -> None:
    data, folder = tmp_path / "data", tmp_path / "backup"
    async with platform_in(data) as (stack, platform):
        world = await lived_in(stack, platform)
        told = command(data, "backup", str(folder))
        assert "backed up into" in told
        await world.grace.write("After the backup")
        refused = command(data, "restore", str(folder), "--yes", ok=False)
        assert "already" in refused, "a stack that runs is left alone"
    assert folder.stat().st_mode & 0o777 == 0o700
    elsewhere = tmp_path / "elsewhere"
    assert "restored" in command(elsewhere, "restore", str(folder), "--yes")
    async with platform_in(elsewhere) as (stack, platform):
        assert await content_of(stack) == world.content
        ada = platform.anybody().signed_in(world.ada.client)
        assert (await ada.get(f"/users/{world.ada.id}")).data == world.profile
        again = await platform.login(world.grace)
        await again.write("Life goes on")
        theirs = (await ada.get("/notification/feed")).data["notifications"]
        assert [one["type"] for one in theirs] == ["follow_created"]


def test_a_folder_that_is_no_backup_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "wrong").mkdir()
    said = command(tmp_path / "data", "restore", str(tmp_path / "wrong"), "--yes", ok=False)
    assert "is no backup: it lacks backup.json" in said
    assert not (tmp_path / "data").exists()


@asynccontextmanager
async def platform_in(folder: Path) -> AsyncIterator[tuple[Stack, Platform]]:
    """A platform with its data in `folder`, on free ports."""
    settings = StackSettings(
        data_dir=folder, environment={"RATE_LIMIT_ENABLED": "false"}, start_timeout=120
    )
    with Stack(settings) as stack:
        async with Platform.at(stack.gateway_urls) as platform:
            yield stack, platform


async def lived_in(stack: Stack, platform: Platform) -> World:
    """Two people, what they wrote, whom they follow; and everybody has been told."""
    ada, grace = await platform.people("ada", "grace")
    await grace.follow(ada)
    await ada.write("First", tags=["one", "two"])
    await ada.write("Second")
    await grace.has_unread(2)
    await ada.has_unread(1)
    await eventually(lambda: at_rest(stack), 20, "all events are sent")
    profile = (await ada.client.get(f"/users/{ada.id}")).data
    return World(ada, grace, profile, await content_of(stack))


async def at_rest(stack: Stack) -> bool:
    """Whether every event that was written has been sent."""
    for name in DOMAINS:
        connection = await asyncpg.connect(stack.database_url(name))
        try:
            if await connection.fetchval("SELECT to_regclass('outbox') IS NOT NULL"):
                sql = "SELECT EXISTS (SELECT FROM outbox WHERE sent_at IS NULL)"
                if await connection.fetchval(sql):
                    return False
        finally:
            await connection.close()
    return True


async def content_of(stack: Stack) -> Content:
    """Every row of every table, as text; outbox and inbox change while nobody does anything."""
    found: Content = {}
    for name in DOMAINS:
        connection = await asyncpg.connect(stack.database_url(name))
        try:
            for row in await connection.fetch(TABLES):
                table = row["tablename"]
                rows = await connection.fetch(f"SELECT t::text FROM {table} t ORDER BY 1")  # noqa: S608
                found[f"{name}.{table}"] = [one[0] for one in rows]
        finally:
            await connection.close()
    assert sum(map(len, found.values())) > 10
    return found


def command(data_dir: Path, *arguments: str, ok: bool = True) -> str:
    """What `pinstack_local` says, as `make backup` and `make restore` run it."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "pinstack_local", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "PINSTACK_DATA_DIR": str(data_dir)},
        timeout=100,
    )
    said = done.stdout + done.stderr
    if (done.returncode == 0) != ok:
        pytest.fail(said)
    return said
