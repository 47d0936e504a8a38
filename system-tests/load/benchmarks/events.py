"""Events in great numbers: a backlog of follows, and a post that a crowd is told of."""

import asyncio
import time
from typing import Final

import httpx
from service_kit.testing import eventually

from load import crowd
from load.bench import Bench
from load.loading import Person
from load.measured import Measured, of_samples
from load.platform import API, Platform, running
from load.registry import benchmark

BACKLOG: Final = 100_000
CROWD: Final = 100_000
OTHERS_EVERY_SECONDS: Final = 0.1
_SLOW_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 0.5
_UNSENT: Final = "SELECT count(*) FROM outbox WHERE sent_at IS NULL"
_HEARD: Final = "SELECT count(*) FROM inbox"


@benchmark("backlog", "100,000 follow events that wait for notification-service")
def backlog(bench: Bench) -> None:
    """`backlog_follows` is applied events a second; the promise is 5,000.

    On Apache Kafka: the embedded broker keeps no more than 5 MB of a partition.
    """
    with running(broker="kafka") as platform:
        service = platform.stack.processes["notification-service"]
        service.stop()
        begun = time.monotonic()
        asyncio.run(_published(platform))
        bench.note("backlog_published_per_second", BACKLOG / (time.monotonic() - begun))
        service.start()
        watch = asyncio.run(_applied(platform))
    bench.scenario("backlog_follows", Measured(rps=watch.rate, requests=BACKLOG))
    bench.note("backlog_drained_seconds", watch.seconds)


async def _published(platform: Platform) -> None:
    """A backlog in the broker."""
    await crowd.publish_follows(platform.stack, BACKLOG)
    connection = await crowd.connected(platform.stack, "relation-service")
    try:

        async def is_sent() -> bool:
            return not await connection.fetchval(_UNSENT)

        await eventually(is_sent, _SLOW_SECONDS, "the relay has sent everything")
    finally:
        await connection.close()


async def _applied(platform: Platform) -> crowd.Stopwatch:
    """Wait until all of it is in the inboxes."""
    connection = await crowd.connected(platform.stack, "notification-service")
    try:
        before = heard = await connection.fetchval(_HEARD)
        watch = crowd.Stopwatch(before)
        while heard < before + BACKLOG:
            await asyncio.sleep(_LOOK_SECONDS)
            heard = await connection.fetchval(_HEARD)
            watch.see(heard)
            if watch.seconds > _SLOW_SECONDS:
                raise TimeoutError(f"{heard - before} of {BACKLOG} applied, {watch.rate:.0f}/s")
        return watch
    finally:
        await connection.close()


@benchmark("crowd", "a post that 100,000 followers are told of, while others post, too")
def crowd_post(bench: Bench) -> None:
    """`crowd_told_seconds` is to be 10 at most, the p99 of `crowd_others` below 500 ms."""
    with running() as platform:
        author, *others = platform.people
        asyncio.run(crowd.gather_crowd(platform.stack, author.id, CROWD))
        seconds, posts = asyncio.run(_told(platform, author, others))
        delays = asyncio.run(crowd.delays_of(platform.stack, posts))
    bench.note("crowd_told_seconds", seconds)
    bench.scenario("crowd_others", of_samples(delays, seconds))


async def _told(
    platform: Platform, author: Person, others: list[Person]
) -> tuple[float, list[int]]:
    """Seconds until everybody is told, and the posts of others meanwhile."""
    inboxes = await crowd.connected(platform.stack, "notification-service")
    try:
        async with httpx.AsyncClient(base_url=platform.url, timeout=30) as http:
            for each in others:
                await _post(http, each)
            begun, posts = time.monotonic(), list[int]()
            post_id = await _post(http, author)
            async with asyncio.timeout(_SLOW_SECONDS):
                while not await crowd.is_told(inboxes, post_id):
                    posts.append(await _post(http, others[len(posts) % len(others)]))
                    await asyncio.sleep(OTHERS_EVERY_SECONDS)
            seconds = time.monotonic() - begun
            assert await crowd.told_of(inboxes, post_id) >= CROWD
            await eventually(lambda: crowd.told_of(inboxes, posts[-1]), _SLOW_SECONDS)
            return seconds, posts
    finally:
        await inboxes.close()


async def _post(http: httpx.AsyncClient, author: Person) -> int:
    """Publish something; its id."""
    fields = {"authorization": f"Bearer {author.token}"}
    answer = await http.post(f"{API}/posts", json={"title": "News"}, headers=fields)
    answer.raise_for_status()
    post_id: int = answer.json()["data"]["id"]
    return post_id
