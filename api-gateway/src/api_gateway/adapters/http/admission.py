"""How many requests a process answers at once; one more is refused at once, never queued."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from service_kit import metrics
from service_kit.errors import AppError

from api_gateway.adapters.http.errors import Overloaded

_REST_SECONDS: Final = 0.05
"""A service that has just refused is left alone for so long: asking it would cost both of us."""


class Admission:
    """A bounded number of places.

    There is none for a moment after a service has said `full`, a code of its errors.
    """

    def __init__(
        self,
        places: int,
        scope: str = "http",
        full: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._free = places
        self._scope = scope
        self._full = full
        self._clock = clock
        self._rests_until = clock()
        metrics.from_zero(metrics.SHED, [scope])

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold one place while the block runs. Raises Overloaded where none is free."""
        if self._free == 0 or self._clock() < self._rests_until:
            metrics.SHED.labels(self._scope).inc()
            raise Overloaded(retry_after=1)
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1

    def hear(self, error: AppError) -> None:
        """What was done in a place ended with this."""
        if error.code == self._full:
            self._rests_until = self._clock() + _REST_SECONDS
