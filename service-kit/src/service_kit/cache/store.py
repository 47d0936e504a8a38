"""The Redis side of a cache: entries, leases, and a circuit that opens when Redis is away.

Leases are those of "Scaling Memcache at Facebook" (NSDI 2013), section 3.2.1: whoever misses marks
the key, and may store a value only while its own mark is there. Invalidation removes value and mark
alike, so a value that was loaded before it can't be stored after it.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from service_kit import logs, metrics
from service_kit.backoff import Backoff, Delays
from service_kit.cache.entries import Entry, Swap, entry_from, new_lease
from service_kit.cache.scripts import RELEASE, SUSPEND, SWAP, TAKE

_LEASE_MILLISECONDS: Final = 10_000
# Longer than a writer waits for a connection, for locks and for its commit, taken together.
_SUSPENSION_MILLISECONDS: Final = 60_000
_CONNECTIONS: Final = 64

T = TypeVar("T")


class StoreAway(Exception):
    """Redis does not answer, or did not a moment ago."""


class RedisStore:
    """Entries of one cache, under keys that begin with its name. Any call may raise `StoreAway`."""

    def __init__(self, redis: Redis, name: str, ttl_seconds: float, timeout_seconds: float) -> None:
        self._redis = redis
        self._name = name
        self._ttl_seconds = ttl_seconds
        self._timeout_seconds = timeout_seconds
        self._take = redis.register_script(TAKE)
        self._swap = redis.register_script(SWAP)
        self._suspend = redis.register_script(SUSPEND)
        self._release = redis.register_script(RELEASE)
        self._circuit: Backoff[str] = Backoff(Delays(0.5, 5.0))
        self._to_delete: OrderedDict[tuple[str, bytes], float] = OrderedDict()
        """Until when each is to be forgotten, the soonest first."""

    async def read(self, keys: Sequence[str]) -> list[Entry | None]:
        """What the keys hold."""
        found = await self._ask("read", lambda: self._redis.mget(self._named(keys)))
        return [entry_from(raw) for raw in found]

    async def take(self, keys: Sequence[str]) -> tuple[Entry, list[Entry | None]]:
        """A lease, and what the keys hold that are not free to be leased."""
        lease = new_lease()
        arguments: list[bytes | int] = [lease.raw, _LEASE_MILLISECONDS]
        found = await self._ask("lease", lambda: self._take(self._named(keys), arguments))
        return lease, [raw and Entry(raw) for raw in found]

    async def swap(self, swaps: Mapping[str, Swap]) -> None:
        """Replace entries; one that has changed meanwhile stays as it is."""
        arguments: list[bytes | int] = []
        for swap in swaps.values():
            new = b"" if swap.new is None else swap.new.raw
            arguments += [swap.expected.raw, new, max(1, int(swap.seconds * 1000))]
        await self._ask("store", lambda: self._swap(self._named(list(swaps)), arguments))

    async def suspend(self, keys: Sequence[str], mark: bytes) -> None:
        """Let nobody store anything under `keys` for a while; `delete` with the `mark` ends it."""
        if keys:
            arguments: list[bytes | int] = [mark, _SUSPENSION_MILLISECONDS]
            await self._ask("suspend", lambda: self._suspend(self._named(keys), arguments))

    async def delete(self, keys: Sequence[str], mark: bytes = b"") -> None:
        """Forget what the keys hold; if Redis is away, before it is asked for anything else.

        Suspensions under other marks stay. After `ttl_seconds` nothing is there any more that would
        have to be forgotten.
        """
        self._drop_expired()
        expires = time.monotonic() + self._ttl_seconds
        for name in self._named(keys):
            self._to_delete[name, mark] = expires
            self._to_delete.move_to_end((name, mark))
        await self._ask("invalidate", self._delete_due)

    async def _delete_due(self) -> None:
        self._drop_expired()
        if due := list(self._to_delete):
            await self._release([name for name, _ in due], [mark for _, mark in due])
        for one in due:
            self._to_delete.pop(one, None)

    def _drop_expired(self) -> None:
        now = time.monotonic()
        while self._to_delete and next(iter(self._to_delete.values())) <= now:
            self._to_delete.popitem(last=False)

    async def _ask(self, operation: str, question: Callable[[], Awaitable[T]]) -> T:
        if self._circuit.paused():
            raise StoreAway
        if self._circuit.failures(self._name):
            self._circuit.failed(self._name)  # one tries; the others go on without
        started = time.perf_counter()
        try:
            async with asyncio.timeout(self._timeout_seconds):
                if self._to_delete and operation != "invalidate":
                    await self._delete_due()
                answer = await question()
        except (RedisError, OSError, TimeoutError) as error:
            delay = self._circuit.failed(self._name)
            logs.get(__name__).warning(
                "cache is away", cache=self._name, reason=repr(error), retry_in=delay
            )
            raise StoreAway from error
        self._circuit.succeeded(self._name)
        elapsed = time.perf_counter() - started
        metrics.CACHE_OPERATION_DURATION.labels(self._name, operation).observe(elapsed)
        return answer

    def _named(self, keys: Sequence[str]) -> list[str]:
        return [f"{self._name}:{key}" for key in keys]


@asynccontextmanager
async def open_redis(url: str, timeout_seconds: float = 0.25) -> AsyncIterator[Redis]:
    """A client of the Redis at `url` while the block runs; it need not be there.

    A command is tried once more at once, as the connection may be one that Redis has closed.
    """
    pool: Any = BlockingConnectionPool.from_url(
        url,
        max_connections=_CONNECTIONS,
        timeout=timeout_seconds,
        socket_timeout=timeout_seconds,
        socket_connect_timeout=timeout_seconds,
        retry=Retry(NoBackoff(), 1),
    )
    client = Redis(connection_pool=pool)
    try:
        yield client
    finally:
        await client.aclose()
        await pool.aclose()
