"""A process is killed under 500 sockets and steady traffic: nobody misses or repeats anything."""

import asyncio
import itertools
import os
import resource
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import httpx
import pytest
from pinstack_local.stack import Stack
from service_kit.testing import eventually

from journeys.balancer import balanced
from journeys.client import PATIENCE_SECONDS, Client
from journeys.conftest import RUNNING_GATEWAY, stack_settings
from journeys.crowd import crowd
from journeys.people import Person, Platform
from journeys.traffic import key

pytestmark = pytest.mark.faults

PEOPLE: Final = 50
SOCKETS_EACH: Final = 10
SENDERS: Final = 4
PAUSE_SECONDS: Final = 0.05
SOME: Final = 100


@pytest.fixture(scope="module")
def replicated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A platform with two gateways and two replicas of notification-service."""
    if os.environ.get(RUNNING_GATEWAY):
        pytest.skip(f"{RUNNING_GATEWAY} names a platform whose processes are not ours to end")
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # three descriptors for each socket
    replicas = {"api-gateway": 2, "notification-service": 2}
    with Stack(stack_settings(tmp_path_factory.mktemp("replicated"), replicas)) as stack:
        yield stack


@pytest.fixture(scope="module")
async def platform(replicated: Stack) -> AsyncIterator[Platform]:
    """It, as clients of a load balancer see it."""
    async with balanced(replicated.gateway_urls) as address, Platform.at([address]) as platform:
        yield platform


@pytest.fixture(scope="module")
async def people(platform: Platform) -> Sequence[Person]:
    """Who is connected."""
    return await platform.people(*["fan"] * PEOPLE)


@pytest.mark.parametrize("victim", ["api-gateway", "notification-service"])
async def test_everybody_comes_back_without_gap_or_repeat(
    replicated: Stack,
    platform: Platform,
    people: Sequence[Person],
    victim: str,
    record_property: Callable[[str, object], None],
) -> None:
    process = next(p for name, p in replicated.processes.items() if name.startswith(victim))
    before = {person.id: await person.unread() for person in people}
    async with crowd(platform.gateway(), people, SOCKETS_EACH) as everybody:
        async with sending(platform, people) as sent:
            await eventually(lambda: sent.total() >= SOME, PATIENCE_SECONDS, "traffic flows")
            killed = time.monotonic()
            process.kill()
            await everybody.told_after(killed)
            await everybody.connected()
            told = time.monotonic() - killed
        await everybody.has_seen({id: before[id] + sent[id] for id in before})
        back = everybody.back_within(killed, 0.99)
    # Whoever was told something twice, or not in order, has ended the test before.
    assert [await person.unread() for person in people] == [
        before[p.id] + sent[p.id] for p in people
    ]
    record_property("seconds until 99 % were connected again", round(back, 2))
    record_property("seconds until everybody was told something again", round(told, 2))
    print(f"{victim} killed: 99 % back after {back:.2f} s, all told again after {told:.2f} s")
    process.start()
    await asyncio.to_thread(replicated.wait_ready)


@asynccontextmanager
async def sending(platform: Platform, people: Sequence[Person]) -> AsyncIterator[Counter[int]]:
    """Notifications to everybody in turn; yields how many each has been sent, exactly."""
    sender = await platform.person("sender")
    sent: Counter[int] = Counter()
    over = asyncio.Event()
    turns = itertools.cycle(people)

    async def send() -> None:
        while not over.is_set():
            await _delivered(sender.client, next(turns), sent)
            await asyncio.sleep(PAUSE_SECONDS)

    async with asyncio.TaskGroup() as group:
        for _ in range(SENDERS):
            group.create_task(send())
        try:
            yield sent
        finally:
            over.set()


async def _delivered(sender: Client, reader: Person, sent: Counter[int]) -> None:
    """Send one, once: the key makes asking again harmless."""
    body, header = {"user_id": reader.id, "type": "greeting"}, key()
    while True:
        try:
            answer = await sender.call("POST", "/notification/send", body, headers=header)
        except httpx.TransportError:
            await asyncio.sleep(PAUSE_SECONDS)
            continue
        if answer.status == 200:
            sent[reader.id] += 1
            return
        assert answer.status in (409, 503, 504), answer.body
        await asyncio.sleep(PAUSE_SECONDS)
