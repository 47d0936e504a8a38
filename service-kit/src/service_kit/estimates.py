"""Totals of long lists, remembered: what is an estimate anyway need not be made for every page."""

import time
from collections.abc import Callable, Hashable
from typing import Final

from service_kit.pages import Total

_SECONDS: Final = 30.0
_MOST: Final = 1000


class Estimates:
    """Keeps estimated totals for half a minute, by list (its filters); exact ones are not kept."""

    def __init__(
        self, seconds: float = _SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._clock = clock
        self._kept: dict[Hashable, tuple[float, Total]] = {}

    def get(self, key: Hashable) -> Total | None:
        """The estimate of a list, unless it is too old."""
        expires, total = self._kept.get(key, (0.0, None))
        return total if expires > self._clock() else None

    def keep(self, key: Hashable, total: Total) -> Total:
        """Remember a total, if it is an estimate; returns it."""
        if total.is_estimate:
            self._kept.pop(key, None)
            self._kept[key] = (self._clock() + self._seconds, total)
            if len(self._kept) > _MOST:
                del self._kept[next(iter(self._kept))]
        return total
