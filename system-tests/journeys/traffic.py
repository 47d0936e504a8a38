"""Steady requests while something happens to the platform."""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import httpx
from service_kit.testing import eventually

from journeys.client import PATIENCE_SECONDS, Answer, Client
from journeys.conformance import Conformance, load

Request = Callable[[Client], Awaitable[Answer]]

_ENOUGH: Final = 25


@dataclass
class Traffic:
    """What has become of the requests so far, by status and error code.

    `refused` are those that found nobody listening; `lost` those that somebody took and never
    answered, with the reason.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    lost: list[str] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    @property
    def count(self) -> int:
        """All requests that have ended."""
        return len(self.answers) + self.refused + len(self.lost)

    async def flows(self) -> None:
        """Wait until some more requests have ended."""
        before = self.count
        await eventually(lambda: self.count >= before + _ENOUGH, PATIENCE_SECONDS)


@asynccontextmanager
async def steady(
    gateway: str, token: str | None, request: Request, workers: int = 6
) -> AsyncIterator[Traffic]:
    """Requests one after the other from each worker, each on a connection of its own."""
    traffic, over = Traffic(), asyncio.Event()
    limits = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(
        base_url=gateway,
        timeout=PATIENCE_SECONDS,
        limits=limits,
        event_hooks={"response": [Conformance(load()).check]},
    ) as http:
        client = Client(http)
        client.token = token

        async def work() -> None:
            while not over.is_set():
                await _once(client, request, traffic)

        async with asyncio.TaskGroup() as group:
            for _ in range(workers):
                group.create_task(work())
            try:
                await traffic.flows()
                yield traffic
            finally:
                over.set()


async def _once(client: Client, request: Request, traffic: Traffic) -> None:
    try:
        answer = await request(client)
    except httpx.ConnectError:
        traffic.refused += 1
        await asyncio.sleep(0.01)  # nobody listens: no need to ask a thousand times a second
    except httpx.HTTPError as error:
        traffic.lost.append(repr(error))
    else:
        traffic.outcomes[f"{answer.status} {answer.body.get('code', '')}".rstrip()] += 1
        traffic.answers.append(answer)


def key() -> dict[str, str]:
    """A header field that makes a request safe to repeat."""
    return {"idempotency-key": secrets.token_hex(8)}
