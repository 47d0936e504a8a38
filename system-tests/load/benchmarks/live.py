"""The live channel: from the commit of an event to the frame at the client."""

import asyncio
import os
import resource
import time
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from service_kit.testing import eventually

from load.bench import Bench
from load.generators import Request
from load.lone_gateway import LoneGateway, lone_gateway
from load.measured import Measured, of_samples
from load.platform import Platform
from load.processes import watched
from load.raw_sockets import RawCrowd
from load.registry import benchmark
from load.requests import follow, follows_among
from load.sockets import listening
from load.steady import Connections, bytes_of

_RATE: Final = 100
_WARM_UP_SECONDS: Final = 3
_LATE_SECONDS: Final = 30
_DONE: Final = range(200, 300)
_SOCKETS: Final = 10_000
_WARM: Final = 200
"""Sockets that are there before memory is looked at: what is loaded once is not theirs."""
_ROUNDS: Final = 3


@benchmark("delivery", "from commit to frame, at 100 events a second, open loop", default=True)
def delivery(bench: Bench) -> None:
    """People with sockets follow each other: one event, one notification, one frame each."""
    platform = bench.platform
    follows = [follow(pair) for pair in follows_among(platform.people)]
    count = min(len(follows), int(_RATE * (_WARM_UP_SECONDS + bench.seconds)))
    with watched(platform.all_pids) as watch:
        bench.scenario("delivery", asyncio.run(_delivered(platform, follows[:count])))
    bench.findings.usage["delivery"] = watch.usage


async def _delivered(platform: Platform, follows: Sequence[Request]) -> Measured:
    """The delays of all but those that warm the platform up; an error is a missing frame."""
    warm_up = _RATE * _WARM_UP_SECONDS
    parts = urlsplit(platform.url)
    gateway = Connections(str(parts.hostname), parts.port or 0)
    async with listening(platform.url, platform.people) as heard:
        await _at_rate(gateway, follows[:warm_up])
        await heard.reaches(warm_up, _LATE_SECONDS)
        heard.delays_ms.clear()
        begun = time.monotonic()
        sent = await _at_rate(gateway, follows[warm_up:])
        elapsed = time.monotonic() - begun
        await heard.reaches(sent, _LATE_SECONDS)
        gateway.close()
        return of_samples(heard.delays_ms, elapsed, errors=sent - len(heard.delays_ms))


async def _at_rate(gateway: Connections, requests: Sequence[Request]) -> int:
    """Send each request when it is due, whether the ones before are answered or not."""
    begun = time.monotonic()
    async with asyncio.TaskGroup() as group:
        for number, request in enumerate(requests):
            await asyncio.sleep(begun + number / _RATE - time.monotonic())
            group.create_task(_send(gateway, request))
    return len(requests)


async def _send(gateway: Connections, request: Request) -> None:
    async with asyncio.timeout(_LATE_SECONDS):
        status = await gateway.status_of(bytes_of(request))
    if status not in _DONE:
        raise RuntimeError(f"a follow was answered with {status}")


@benchmark("sockets", "10,000 sockets on one gateway process: memory, and a frame to each")
def sockets(bench: Bench) -> None:
    """Everybody is somebody else, with a token of their own; BENCH_SOCKETS changes how many."""
    count = int(os.environ.get("BENCH_SOCKETS") or _SOCKETS)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with lone_gateway(count) as gateway:
        asyncio.run(_crowded(bench, gateway))


async def _crowded(bench: Bench, gateway: LoneGateway) -> None:
    count, crowd = len(gateway.tokens), RawCrowd()
    warm = RawCrowd()
    await warm.open("127.0.0.1", gateway.port, gateway.tokens[:_WARM])
    await eventually(lambda: warm.ready == _WARM, _LATE_SECONDS)
    before, begun = gateway.rss_kib(), time.monotonic()
    await crowd.open("127.0.0.1", gateway.port, gateway.tokens[_WARM:])
    await eventually(lambda: crowd.ready == count - _WARM, _LATE_SECONDS)
    bench.note("sockets_opened_per_second", round(count / (time.monotonic() - begun)))
    bench.note("sockets_kib_each", round((gateway.rss_kib() - before) / (count - _WARM), 1))
    for seq in range(1, _ROUNDS + 1):
        crowd.arrivals.clear()
        told = await asyncio.to_thread(gateway.tell, seq)
        await eventually(lambda: len(crowd.arrivals) == count - _WARM, _LATE_SECONDS)
        delays = [(at - told) * 1000 for at in crowd.arrivals]
        bench.scenario(f"sockets_round_{seq}", of_samples(delays, max(delays) / 1000))
        bench.note(f"sockets_round_{seq}_last_frame_ms", round(max(delays)))
    bench.note("sockets_kib_each_after", round((gateway.rss_kib() - before) / (count - _WARM), 1))
    assert crowd.lost == 0
