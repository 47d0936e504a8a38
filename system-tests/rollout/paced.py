"""Requests at a fixed rate, whatever becomes of those before: an open loop."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
from journeys.client import Answer

Request = Callable[[], Awaitable[Answer]]


@dataclass
class Load:
    """What has become of the requests: by name, status and code; and the seconds of each."""

    outcomes: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    @property
    def lost(self) -> dict[str, int]:
        """Those that ended with an error of the platform, or with no answer."""
        return {
            name: count
            for name, count in self.outcomes.items()
            if not name.rpartition(": ")[2].startswith(("2", "404 FOLLOW_NOT_FOUND"))
        }

    @property
    def rate(self) -> float:
        """Requests a second that have ended, so far."""
        return self.count / (time.monotonic() - self.began)

    @property
    def count(self) -> int:
        """All that have ended."""
        return len(self.seconds)

    def succeeded(self, name: str) -> int:
        """How many requests of that name succeeded."""
        return sum(count for key, count in self.outcomes.items() if key.startswith(f"{name}: 2"))


@asynccontextmanager
async def at_rate(rate: float, requests: Sequence[tuple[str, Request]]) -> AsyncIterator[Load]:
    """`rate` requests a second, in turns, while the block runs; all have ended when it does."""
    load, over = Load(), asyncio.Event()
    async with asyncio.TaskGroup() as group:
        pacing = group.create_task(_pace(rate, requests, load, over, group))
        try:
            yield load
        finally:
            over.set()
            await pacing


async def _pace(
    rate: float,
    requests: Sequence[tuple[str, Request]],
    load: Load,
    over: asyncio.Event,
    group: asyncio.TaskGroup,
) -> None:
    began = time.monotonic()
    for number, (name, request) in enumerate(itertools.cycle(requests)):
        wait = began + number / rate - time.monotonic()
        await asyncio.sleep(max(0.0, wait))
        if over.is_set():
            return
        group.create_task(_once(name, request, load))


async def _once(name: str, request: Request, load: Load) -> None:
    began = time.monotonic()
    try:
        answer = await request()
    except httpx.HTTPError as error:
        outcome = repr(error)
    else:
        outcome = f"{answer.status} {answer.body.get('code', '')}".rstrip()
    load.outcomes[f"{name}: {outcome}"] += 1
    load.seconds.append(time.monotonic() - began)
