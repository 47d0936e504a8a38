"""Values from Redis, or loaded once for all who want them."""

import asyncio
import random
import time
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Coroutine,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from redis.asyncio import Redis
from service_kit import logs, metrics
from service_kit.cache.entries import Entry, Swap, entry_of, new_mark
from service_kit.cache.store import RedisStore, StoreAway

Load = Callable[[], Awaitable[bytes | None]]
LoadMany = Callable[[Sequence[str]], Awaitable[Mapping[str, bytes]]]
"""Gives the values of the keys that have one."""

_FRESH: Final = (0.75, 0.9)
"""Share of its life in which a value is fresh; it varies, so that a rush ends in no new rush."""


class Cache:
    """Bytes by key, in Redis, for `ttl_seconds`; a value near its end is loaded anew ahead of it.

    Absence is cached for `negative_ttl_seconds`, or not at all. Without Redis everything is loaded,
    and it costs nothing to find out: a circuit opens. Change what is cached while `suspended`.
    """

    def __init__(
        self,
        redis: Redis,
        name: str,
        ttl_seconds: float,
        *,
        negative_ttl_seconds: float | None = None,
        timeout_seconds: float = 0.25,
    ) -> None:
        self._name = name
        metrics.from_zero(metrics.CACHE_REQUESTS, [name], ["hit", "miss", "stale", "bypass"])
        self._ttl_seconds = ttl_seconds
        self._negative_ttl_seconds = negative_ttl_seconds
        self._store = RedisStore(redis, name, ttl_seconds, timeout_seconds)
        self._flights: dict[str, asyncio.Task[Mapping[str, bytes]]] = {}

    async def get_or_load(self, key: str, load: Load) -> bytes | None:
        """The value of `key`, cached or from `load`; None if there is none."""

        async def load_many(_keys: Sequence[str]) -> Mapping[str, bytes]:
            value = await load()
            return {} if value is None else {key: value}

        return (await self.get_many_or_load([key], load_many)).get(key)

    async def get_many_or_load(self, keys: Iterable[str], load_many: LoadMany) -> dict[str, bytes]:
        """The values of those `keys` that have one; one `load_many`, for what is not cached.

        A key that somebody in this process is loading already is not loaded again. Raises what the
        loading raises.
        """
        wanted = list(dict.fromkeys(keys))
        entries = await self._read(wanted)
        values = _values(entries)
        now = time.time()
        if stale := {key: entry for key, entry in entries.items() if entry.is_stale(now)}:
            self._refresh(stale, load_many)
        if missing := [key for key in wanted if key not in entries]:
            values |= await self._join(missing, load_many)
        return values

    @asynccontextmanager
    async def suspended(self, *keys: str) -> AsyncIterator[set[str]]:
        """Have `keys` loaded by all who ask, and kept by nobody, while the block runs, or for 60 s.

        Enter it before a transaction begins, leave it after its end: a reader that read before the
        commit stores nothing after it, also where this process dies in between. Then the values of
        the set are forgotten, which begins with `keys` and may be added to. Never fails: while
        Redis is away, nothing is suspended, and others may serve an old value until it expires.
        """
        mark, changed = new_mark(), set(keys)
        with suppress(StoreAway):
            await self._store.suspend(keys, mark)
        try:
            yield changed
        finally:
            await asyncio.shield(self._forget(list(changed), mark))

    async def invalidate(self, *keys: str) -> None:
        """Forget the values of `keys`, and what is being loaded for them.

        Never fails: while Redis is away, other processes may serve the old value until it expires.
        """
        await self._forget(keys)

    async def close(self) -> None:
        """End the loading that goes on in the background."""
        tasks = set(self._flights.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _forget(self, keys: Sequence[str], mark: bytes = b"") -> None:
        for key in keys:
            self._flights.pop(key, None)
        if keys:
            with suppress(StoreAway):
                await self._store.delete(keys, mark)

    async def _read(self, keys: Sequence[str]) -> dict[str, Entry]:
        if not keys:
            return {}
        try:
            found = await self._store.read(keys)
        except StoreAway:
            self._count("bypass", len(keys))
            return {}
        entries = {
            key: entry
            for key, entry in zip(keys, found, strict=True)
            if entry and not entry.is_lease
        }
        now = time.time()
        stale = sum(entry.is_stale(now) for entry in entries.values())
        self._count("stale", stale)
        self._count("hit", len(entries) - stale)
        self._count("miss", len(keys) - len(entries))
        return entries

    def _count(self, result: str, number: int) -> None:
        if number:
            metrics.CACHE_REQUESTS.labels(self._name, result).inc(number)

    def _refresh(self, stale: Mapping[str, Entry], load_many: LoadMany) -> None:
        """Load anew, for later, what nobody in this process is loading."""
        if due := {key: entry for key, entry in stale.items() if key not in self._flights}:
            self._start(list(due), self._reload(due, load_many))

    async def _join(self, keys: Sequence[str], load_many: LoadMany) -> dict[str, bytes]:
        """What the keys come to, in the flights that they are in, or in a new one."""
        if own := [key for key in keys if key not in self._flights]:
            self._start(own, self._load(own, load_many))
        flights = {key: self._flights[key] for key in keys}
        values: dict[str, bytes] = {}
        for key, flight in flights.items():
            value = (await asyncio.shield(flight)).get(key)
            if value is not None:
                values[key] = value
        return values

    def _start(self, keys: Collection[str], work: Coroutine[Any, Any, Mapping[str, bytes]]) -> None:
        flight = asyncio.create_task(work, name=f"cache {self._name}")
        self._flights |= dict.fromkeys(keys, flight)
        flight.add_done_callback(lambda done: self._landed(keys, done))

    def _landed(self, keys: Collection[str], flight: asyncio.Task[Mapping[str, bytes]]) -> None:
        for key in keys:
            if self._flights.get(key) is flight:
                del self._flights[key]
        if not flight.cancelled() and (error := flight.exception()) is not None:
            log = logs.get(__name__)
            log.warning("cache could not load", cache=self._name, reason=type(error).__name__)

    async def _load(self, keys: Sequence[str], load_many: LoadMany) -> Mapping[str, bytes]:
        try:
            lease, found = await self._store.take(keys)
        except StoreAway:
            return await load_many(keys)
        entries = dict(zip(keys, found, strict=True))
        leased = {key: lease for key, entry in entries.items() if entry is None}
        known = {key: entry for key, entry in entries.items() if entry and not entry.is_lease}
        missing = [key for key in keys if key not in known]
        loaded = await self._replace(leased, missing, load_many) if missing else {}
        return {**_values(known), **loaded}

    async def _reload(self, stale: Mapping[str, Entry], load_many: LoadMany) -> Mapping[str, bytes]:
        return await self._replace(stale, list(stale), load_many)

    async def _replace(
        self, expected: Mapping[str, Entry], keys: Sequence[str], load_many: LoadMany
    ) -> Mapping[str, bytes]:
        """Load `keys`; store where the entry is still the expected one. A failure frees leases."""
        swaps = {key: Swap(entry, None) for key, entry in expected.items() if entry.is_lease}
        try:
            loaded = await load_many(keys)
            swaps = {key: self._swap(entry, loaded.get(key)) for key, entry in expected.items()}
        finally:
            if swaps:
                with suppress(StoreAway):
                    await self._store.swap(swaps)
        return loaded

    def _swap(self, expected: Entry, value: bytes | None) -> Swap:
        ttl = self._ttl_seconds if value is not None else self._negative_ttl_seconds
        if ttl is None:
            return Swap(expected, None)
        refresh_at = time.time() + ttl * random.uniform(*_FRESH)  # noqa: S311 - spreads load
        return Swap(expected, entry_of(value, refresh_at), ttl)


def _values(entries: Mapping[str, Entry]) -> dict[str, bytes]:
    return {key: value for key, entry in entries.items() if (value := entry.value) is not None}
