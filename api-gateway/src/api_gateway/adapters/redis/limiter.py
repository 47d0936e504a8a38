"""Rate limits by GCRA, the generic cell rate algorithm (ITU-T I.371): one number a caller."""

import time
from collections.abc import Callable
from typing import Final

from api_gateway.adapters.redis.link import Link, RedisAway
from api_gateway.domain.limit import Limit, Verdict

_PREFIX: Final = "gateway:limit:"
_SECOND: Final = 1_000_000
_MAX_KEYS: Final = 100_000

# The stored number is the theoretical arrival time: when the caller's whole burst is free again.
_SCRIPT: Final = """
local interval, count = tonumber(ARGV[1]), tonumber(ARGV[2])
local t = redis.call('TIME')
local now = tonumber(t[1]) * 1000000 + tonumber(t[2])
local due = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
local room = now - (due + interval - interval * count)
if room < 0 then return {0, 0, due - now, -room} end
due = due + interval
redis.call('SET', KEYS[1], string.format('%.0f', due), 'PX', math.ceil((due - now) / 1000))
return {1, math.floor(room / interval), due - now, 0}
"""


class LocalLimiter:
    """The same limits for one process alone."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._due: dict[tuple[str, str], float] = {}

    async def take(self, limit: Limit, key: str) -> Verdict:
        """Count one request."""
        now, interval = self._clock(), limit.seconds / limit.count
        due = max(self._due.get((limit.scope, key), now), now)
        room = now - (due + interval - limit.seconds)
        if room < -1e-9:
            return Verdict(limit, False, 0, due - now, -room)
        if len(self._due) >= _MAX_KEYS:
            self._forget(now)
        self._due[limit.scope, key] = due + interval
        remaining = max(0, int(room / interval + 1e-6))
        return Verdict(limit, True, remaining, due + interval - now)

    def _forget(self, now: float) -> None:
        """Drop whoever has their whole burst again; everybody, where all are busy."""
        self._due = {key: due for key, due in self._due.items() if due > now}
        if len(self._due) >= _MAX_KEYS:
            self._due.clear()


class RedisLimiter:
    """Limits that all replicas share; while Redis is away each process keeps its own."""

    def __init__(self, link: Link, local: LocalLimiter) -> None:
        self._link = link
        self._local = local
        self._script = link.client.register_script(_SCRIPT)

    async def take(self, limit: Limit, key: str) -> Verdict:
        """Count one request, in one call."""
        interval = limit.seconds * _SECOND // limit.count
        try:
            allowed, remaining, reset, retry = await self._link.ask(
                lambda: self._script(
                    keys=[f"{_PREFIX}{limit.scope}:{key}"], args=[interval, limit.count]
                )
            )
        except RedisAway:
            return await self._local.take(limit, key)
        return Verdict(limit, bool(allowed), remaining, reset / _SECOND, retry / _SECOND)
