"""The keys that verify access tokens: fetched when needed, kept when their source is away."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final

import jwt
from jwt.exceptions import PyJWTError
from service_kit import logs
from service_kit.errors import AppError

from api_gateway.application.ports import Keys, VerificationKey

ALGORITHMS: Final = ("ES256", "EdDSA")
_FETCH_INTERVAL: Final = 10.0
"""Seconds between fetches for unknown keys: a flood of made-up ones must not reach auth-service."""
_RETRY_INTERVAL: Final = 1.0
_MAX_AGE: Final = 60.0
"""Seconds after which the set is read again, so that retired keys leave it."""


class KnownKeys:
    """The key set as it was last read."""

    def __init__(self, source: Keys, clock: Callable[[], float] = time.time) -> None:
        self._source = source
        self._clock = clock
        self._keys: dict[str, tuple[VerificationKey, jwt.PyJWK]] = {}
        self._failure: AppError | None = None
        self._next_fetch = 0.0
        self._fetching = asyncio.Lock()

    async def find(self, kid: str) -> jwt.PyJWK | None:
        """The key of that id; None where there is none.

        Raises what the source raises, where the key is unknown and the source is away.
        """
        found = self._valid(kid)
        if found is not None:
            return found
        if self._clock() >= self._next_fetch:
            await self._fetch(unless=lambda: self._valid(kid) is not None)
        found = self._valid(kid)
        if found is None and self._failure is not None:
            raise self._failure
        return found

    async def current(self) -> Sequence[VerificationKey]:
        """All keys that verify now. Raises what the source raises, where it was never read."""
        if not self._keys and self._clock() >= self._next_fetch:
            await self._fetch(unless=lambda: bool(self._keys))
        if not self._keys and self._failure is not None:
            raise self._failure
        now = self._clock()
        return [
            key for key, _ in self._keys.values() if key.not_after is None or key.not_after > now
        ]

    async def refresh(self) -> None:
        """Read the set again from time to time, forever."""
        while True:
            await self._fetch(unless=lambda: False)
            await asyncio.sleep(_RETRY_INTERVAL if self._failure is not None else _MAX_AGE)

    def _valid(self, kid: str) -> jwt.PyJWK | None:
        known = self._keys.get(kid)
        if known is None or (known[0].not_after or float("inf")) <= self._clock():
            return None
        return known[1]

    async def _fetch(self, unless: Callable[[], bool]) -> None:
        """Read the set once for all who wait for it; what was known stays when that fails."""
        async with self._fetching:
            if unless():
                return
            try:
                keys = await self._source.current()
            except AppError as error:
                self._failure = error
                self._next_fetch = self._clock() + _RETRY_INTERVAL
                return
            self._failure = None
            self._next_fetch = self._clock() + _FETCH_INTERVAL
            self._keys = dict(_usable(keys))


def _usable(keys: Sequence[VerificationKey]) -> list[tuple[str, tuple[VerificationKey, jwt.PyJWK]]]:
    usable = []
    for key in keys:
        if key.algorithm not in ALGORITHMS:
            continue
        try:
            usable.append((key.kid, (key, jwt.PyJWK(dict(key.jwk), algorithm=key.algorithm))))
        except PyJWTError as error:
            logs.get(__name__).error("key set holds a bad key", kid=key.kid, reason=str(error))
    return usable
