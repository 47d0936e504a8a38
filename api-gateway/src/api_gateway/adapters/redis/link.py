"""The connection to Redis: bounded in time, and left alone for a moment after it failed."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.exceptions import RedisError
from service_kit import logs

_CONNECTIONS: Final = 64
_REST_SECONDS: Final = 1.0
"""How long nobody asks again: waiting for a timeout would slow down every request."""

T = TypeVar("T")


class RedisAway(Exception):
    """Redis did not answer, or did not a moment ago."""


class Link:
    """Redis as the gateway's adapters use it."""

    def __init__(self, client: "Redis", clock: Callable[[], float] = time.monotonic) -> None:
        self.client = client
        self._clock = clock
        self._rests_until = 0.0

    async def ask(self, question: Callable[[], Awaitable[T]]) -> T:
        """What Redis answers. Raises RedisAway."""
        if self._clock() < self._rests_until:
            raise RedisAway
        try:
            return await question()
        except (RedisError, OSError, TimeoutError) as error:
            self._rests_until = self._clock() + _REST_SECONDS
            logs.get(__name__).warning("redis is away", reason=type(error).__name__)
            raise RedisAway from error

    async def check(self) -> None:
        """Raise RedisAway unless Redis answers."""
        await self.ask(lambda: _ping(self.client))


async def _ping(client: "Redis") -> Any:
    return await client.ping()


@asynccontextmanager
async def open_link(url: str, timeout_seconds: float) -> AsyncIterator[Link]:
    """Redis at `url` while the block runs; it need not be there."""
    pool = BlockingConnectionPool.from_url(
        url,
        max_connections=_CONNECTIONS,
        timeout=timeout_seconds,
        socket_timeout=timeout_seconds,
        socket_connect_timeout=timeout_seconds,
    )
    client = Redis(connection_pool=pool)
    try:
        yield Link(client)
    finally:
        await client.aclose()
        await pool.aclose()
