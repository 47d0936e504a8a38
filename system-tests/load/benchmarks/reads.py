"""The reads of clients, each on its own, against the floors."""

import asyncio
from contextlib import AbstractAsyncContextManager
from functools import partial

from load import floors
from load.bench import Bench
from load.generators import wrk
from load.measured import Measured
from load.paired import paired
from load.processes import watched
from load.registry import benchmark
from load.requests import reads as requests_of_reads
from load.rounds import against_floor


@benchmark("floors", "one gRPC call, one SELECT, one Redis GET, bare", default=True)
def bare(bench: Bench) -> None:
    """What the platform is built of, without the platform."""
    stack = bench.platform.stack
    redis = stack.infrastructure.redis.url()
    for name, opened in (
        ("grpc_unary", floors.grpc_call()),
        ("postgres_select", floors.select(stack.database_url("post-service"))),
        ("redis_get", floors.redis_get(redis)),
    ):
        bench.floor(name, asyncio.run(_measure(opened, bench.seconds)))


async def _measure(opened: AbstractAsyncContextManager[floors.Call], seconds: float) -> Measured:
    async with opened as call:
        return await floors.closed_loop(call, seconds)


@benchmark("reads", "each read: post hot and cold, user, lists, feed, unread count", default=True)
def reads(bench: Bench) -> None:
    """Every read on its own, in turns with a bare FastAPI route that checks a token."""
    platform = bench.platform
    scenarios = {
        name: partial(wrk, platform.url, requests)
        for name, requests in requests_of_reads(platform.people).items()
    }
    with floors.bare_fastapi() as (url, request), watched(platform.all_pids) as watch:
        against_floor(bench, "fastapi_route", partial(wrk, url, [request]), scenarios)
    bench.findings.usage["reads"] = watch.usage


@benchmark("connections", "a hot post with 16 and with 256 connections", default=True)
def connections(bench: Bench) -> None:
    """How much of the throughput is left with many connections."""
    platform = bench.platform
    requests = requests_of_reads(platform.people)["post_hot"]
    rounds = max(1, min(5, int(bench.seconds)))

    def driven(connections: int) -> Measured:
        seconds = bench.seconds / rounds
        return wrk(platform.url, requests, seconds, connections=connections)

    found = paired(lambda: driven(256), lambda: driven(16), rounds)
    bench.scenario("connections_256", found.this)
    bench.scenario("connections_16", found.that)
    bench.ratio("connections_256/connections_16", found.ratio)
