"""A hundred uploads at once pass through: no process holds what it passes on."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import httpx
import psutil
import pytest

from journeys.client import API
from journeys.machine import Machine
from journeys.people import Person, Platform
from journeys.uploads import FORM, slowly

UPLOADS: Final = 100
PEOPLE: Final = 4
MIB: Final = 1024 * 1024
PIECE: Final = 256 * 1024
HALF: Final = 19
BYTES: Final = 528 + 2 * HALF * PIECE
HELD_MIB: Final = 400
"""Of an upload under way a process holds what is in its buffers: those of a socket and of a gRPC
stream, whose flow control lets some MiB come ahead, and one piece for the store (256 KiB). 150 MiB
in the gateway and 250 in post-service were measured; who kept the files would hold a thousand.
"""
_DEADLINE: Final = 100.0
_DRIP_SECONDS: Final = 1.0
_MAGIC: Final = b"\x89PNG\r\n\x1a\n"
_FILLING: Final = os.urandom(PIECE)

Send = Callable[[httpx.AsyncClient, Person, int, AsyncIterator[bytes]], Awaitable[httpx.Response]]


class Watch:
    """The most memory that processes take beyond what they took at first, MiB."""

    def __init__(self, processes: dict[str, psutil.Process]) -> None:
        self._processes = processes
        self._first = self._now()
        self.most = dict.fromkeys(processes, 0.0)

    def _now(self) -> dict[str, float]:
        return {name: one.memory_info().rss / MIB for name, one in self._processes.items()}

    async def run(self) -> None:
        """Look, again and again."""
        while True:
            for name, now in self._now().items():
                self.most[name] = max(self.most[name], now - self._first[name])
            await asyncio.sleep(0.05)


@asynccontextmanager
async def watched(machine: Machine) -> AsyncIterator[Watch]:
    """Watch the gateway that is asked, and post-service."""
    children = {
        "api-gateway": machine.replicas("api-gateway")[0],
        "post-service": machine.replicas("post-service")[0],
    }
    watch = Watch({name: psutil.Process(child.pid) for name, child in children.items()})
    task = asyncio.create_task(watch.run())
    yield watch
    task.cancel()


async def pieces(number: int, all_are_here: asyncio.Barrier) -> AsyncIterator[bytes]:
    """A file of its own. From its middle on it drips until all others are there: a client that
    sends nothing for a while is hung up on.
    """
    yield _MAGIC + number.to_bytes(8, "big") + bytes(512)
    for _ in range(HALF):
        yield _FILLING
    here = asyncio.create_task(all_are_here.wait())
    dripped = 0
    while not (await asyncio.wait({here}, timeout=_DRIP_SECONDS))[0]:
        yield _FILLING[:1]
        dripped += 1
    yield _FILLING[dripped:]
    for _ in range(HALF - 1):
        yield _FILLING


async def by_form(
    http: httpx.AsyncClient, person: Person, number: int, file: AsyncIterator[bytes]
) -> httpx.Response:
    headers = {"authorization": f"Bearer {person.client.token}", "content-type": FORM}
    return await http.post(f"{API}/media", content=slowly(b"", file), headers=headers)


async def by_tus(
    http: httpx.AsyncClient, person: Person, number: int, file: AsyncIterator[bytes]
) -> httpx.Response:
    token = {"authorization": f"Bearer {person.client.token}"}
    length = str(BYTES)
    opened = await http.post(f"{API}/media/uploads", headers={**token, "upload-length": length})
    kind = {"content-type": "application/offset+octet-stream", "upload-offset": "0"}
    return await http.patch(opened.headers["location"], content=file, headers={**token, **kind})


@pytest.mark.timeout(300)
@pytest.mark.parametrize("send", [by_form, by_tus])
async def test_a_hundred_uploads_at_once_are_not_held_in_memory(
    platform: Platform, machine: Machine, send: Send
) -> None:
    people = await platform.people(*["ada"] * PEOPLE)
    here = asyncio.Barrier(UPLOADS)
    first = 0 if send is by_form else UPLOADS
    limits = httpx.Limits(max_connections=UPLOADS)
    async with (
        httpx.AsyncClient(base_url=platform.gateway(), timeout=_DEADLINE, limits=limits) as http,
        watched(machine) as watch,
    ):
        answers = await asyncio.gather(
            *(
                send(http, people[number % PEOPLE], number, pieces(first + number, here))
                for number in range(UPLOADS)
            )
        )
    for person in people:
        assert (await person.client.delete(f"/users/{person.id}")).status == 204
    assert {answer.status_code for answer in answers} == {201 if send is by_form else 204}
    assert max(watch.most.values()) < HELD_MIB, watch.most
