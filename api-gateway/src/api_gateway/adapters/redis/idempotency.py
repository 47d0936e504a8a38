"""First answers to requests with an Idempotency-Key, kept for all replicas."""

import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Final

import orjson

from api_gateway.adapters.redis.link import Link, RedisAway
from api_gateway.application.ports import InFlight, StoredAnswer

_PREFIX: Final = "gateway:idempotency:"
_KEPT_SECONDS: Final = 24 * 3600
_CLAIM_SECONDS: Final = 30
"""Longer than any request takes: a claim that is older is of a process that died."""
_CLAIM: Final = b"claim:"
_MAX_LOCAL: Final = 10_000

_BEGIN: Final = """
local known = redis.call('GET', KEYS[1])
if known then return known end
redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])
return false
"""
_FINISH: Final = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1
"""
_ABANDON: Final = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
"""


class LocalIdempotencyKeys:
    """The same promise from one process alone, as far as its memory reaches."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[str, tuple[float, bytes]] = {}

    async def begin(self, key: str) -> StoredAnswer | InFlight | str:
        """Claim the key, or say what is known of it."""
        expires, known = self._known.get(key, (0.0, b""))
        if expires > self._clock():
            return _decoded(known)
        lease = _new_lease()
        self._put(key, lease.encode(), _CLAIM_SECONDS)
        return lease

    async def finish(self, key: str, lease: str, answer: StoredAnswer) -> None:
        """Keep the answer, where the claim still holds."""
        if self._holds(key, lease):
            self._put(key, _encoded(answer), _KEPT_SECONDS)

    async def abandon(self, key: str, lease: str) -> None:
        """Give the claim up, where it still holds."""
        if self._holds(key, lease):
            del self._known[key]

    def _holds(self, key: str, lease: str) -> bool:
        expires, known = self._known.get(key, (0.0, b""))
        return expires > self._clock() and known == lease.encode()

    def _put(self, key: str, value: bytes, seconds: float) -> None:
        self._known.pop(key, None)
        if len(self._known) >= _MAX_LOCAL:
            self._known.pop(next(iter(self._known)))
        self._known[key] = (self._clock() + seconds, value)


class RedisIdempotencyKeys:
    """Answers that all replicas share; while Redis is away each process keeps its own."""

    def __init__(self, link: Link, local: LocalIdempotencyKeys) -> None:
        self._link = link
        self._local = local
        self._begin = link.client.register_script(_BEGIN)
        self._finish = link.client.register_script(_FINISH)
        self._abandon = link.client.register_script(_ABANDON)

    async def begin(self, key: str) -> StoredAnswer | InFlight | str:
        """Claim the key, or say what is known of it."""
        lease = _new_lease()
        try:
            known = await self._link.ask(
                lambda: self._begin(keys=[_PREFIX + key], args=[lease, _CLAIM_SECONDS])
            )
        except RedisAway:
            return await self._local.begin(key)
        return lease if known is None else _decoded(known)

    async def finish(self, key: str, lease: str, answer: StoredAnswer) -> None:
        """Keep the answer, where the claim still holds."""
        await self._local.finish(key, lease, answer)
        arguments: list[str | bytes | int] = [lease, _encoded(answer), _KEPT_SECONDS]
        await self._told(lambda: self._finish(keys=[_PREFIX + key], args=arguments))

    async def abandon(self, key: str, lease: str) -> None:
        """Give the claim up, where it still holds."""
        await self._local.abandon(key, lease)
        await self._told(lambda: self._abandon(keys=[_PREFIX + key], args=[lease]))

    async def _told(self, message: Callable[[], Awaitable[object]]) -> None:
        try:
            await self._link.ask(message)
        except RedisAway:
            return


def _new_lease() -> str:
    return f"claim:{secrets.token_hex(8)}"


def _encoded(answer: StoredAnswer) -> bytes:
    return orjson.dumps([answer.fingerprint, answer.status, answer.headers, answer.body.decode()])


def _decoded(known: bytes) -> StoredAnswer | InFlight:
    if known.startswith(_CLAIM):
        return InFlight()
    fingerprint, status, headers, body = orjson.loads(known)
    return StoredAnswer(fingerprint, status, tuple(map(tuple, headers)), body.encode())
