"""How many long bodies a process sends at once; one more is refused, never queued."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from service_kit.errors import DeadlineExceeded, ResourceExhausted

from api_gateway.adapters.http.admission import Admission
from api_gateway.adapters.http.rate_limits import network_of

MOST_BODIES: Final = 256
"""Each is a call of a service that takes 1,000 at once, with those of its other callers."""
MOST_TO_ONE: Final = 64
"""Offices and mobile networks have one address; who holds all of these leaves most places free."""


class TooManyDownloads(ResourceExhausted):
    """As many bodies are on their way to this address as it may have."""

    code = "TOO_MANY_DOWNLOADS"
    message = "too many downloads at once"


class BodyPlaces:
    """Places for bodies that are sent as fast as their readers read, `seconds` at the most."""

    def __init__(
        self, seconds: float, places: int = MOST_BODIES, to_one: int = MOST_TO_ONE
    ) -> None:
        """Of `places`, one address may hold `to_one`."""
        self._seconds = seconds
        self._to_one = to_one
        self._all = Admission(places, "http_bodies")
        self._taken: Counter[str] = Counter()

    @asynccontextmanager
    async def place(self, address: str) -> AsyncGenerator[None, None]:
        """Hold one place while the block runs.

        Raises TooManyDownloads, Overloaded; DeadlineExceeded where the block takes too long.
        """
        reader = network_of(address)
        if self._taken[reader] >= self._to_one:
            raise TooManyDownloads(retry_after=1)
        with self._all.place():
            self._taken[reader] += 1
            try:
                async with asyncio.timeout(self._seconds):
                    yield
            except TimeoutError:
                raise DeadlineExceeded from None
            finally:
                self._taken[reader] -= 1
                if not self._taken[reader]:
                    del self._taken[reader]
