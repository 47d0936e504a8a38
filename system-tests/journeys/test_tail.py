"""`pinstack-tail` on the platform: the reference client sees everything once, in order."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from journeys.client import PATIENCE_SECONDS, Json
from journeys.machine import Machine
from journeys.people import Person, Platform

SHOWN = 2


async def test_it_shows_what_happens_and_what_happened_while_the_gateway_was_dead(
    platform: Platform, machine: Machine
) -> None:
    ada, grace, linus = await platform.people("ada", "grace", "linus")
    async with tail(platform, ada) as process:
        assert (await line(process, "online"))["missed"] == 0
        await grace.follow(ada)
        assert follower(await line(process, "told")) == grace.username
        async with machine.dead("api-gateway"):
            await line(process, "offline")
        await linus.follow(ada)
        assert follower(await line(process, "told")) == linus.username
        assert await process.wait() == 0


async def test_it_says_what_its_owner_does_on_another_device(platform: Platform) -> None:
    ada, grace, linus = await platform.people("ada", "grace", "linus")
    async with tail(platform, ada) as process:
        await line(process, "online")
        await grace.follow(ada)
        number = (await line(process, "told"))["notification"]["id"]
        await ada.client.put("/notification/seen", {"up_to_seq": 1})
        assert (await line(process, "seenelsewhere"))["unseen"] == 0
        await ada.client.put(f"/notification/{number}/read")
        assert (await line(process, "readelsewhere"))["ids"] == [number]
        for verb, archived in (("archive", True), ("unarchive", False)):
            await ada.client.put(f"/notification/{number}/{verb}")
            event = await line(process, "archivedelsewhere")
            assert (event["ids"], event["archived"], event["unread"]) == ([number], archived, 0)
        await linus.follow(ada)
        assert follower(await line(process, "told")) == linus.username
        assert await process.wait() == 0


async def test_a_wrong_password_ends_it_with_a_word(platform: Platform) -> None:
    (ada,) = await platform.people("ada")
    ada.password = "not the password"
    async with tail(platform, ada) as process:
        _, said = await process.communicate()
    assert process.returncode == 1
    assert "invalid credentials" in said.decode()


@asynccontextmanager
async def tail(platform: Platform, owner: Person) -> AsyncIterator[Process]:
    """The program, which ends by itself after two notifications."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pinstack_tail", owner.username, "--json"),
        *("--gateway", platform.gateway(), "--count", str(SHOWN)),
        env={**os.environ, "PINSTACK_PASSWORD": owner.password},
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def line(process: Process, kind: str) -> Json:
    """The next event of a kind that it shows."""
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE_SECONDS):
        async for text in process.stdout:
            event: Json = json.loads(text)
            if event["event"] == kind:
                return event
    assert process.stderr is not None
    pytest.fail(f"it ended without {kind}: {(await process.stderr.read()).decode()}")


def follower(event: Json) -> str:
    """Who follows, as a notification tells."""
    name: str = event["notification"]["payload"]["follower_username"]
    return name
