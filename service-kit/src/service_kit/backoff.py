"""Exponential back-off: how long what failed has to wait, per key."""

import random
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Delays:
    """Seconds: the first delay, doubled each time up to the longest; up to half of it is jitter."""

    first: float = 0.1
    longest: float = 30.0

    def after(self, failures: int) -> float:
        """The delay after so many failures in a row (1 and more)."""
        delay = min(self.longest, self.first * 2.0 ** min(failures - 1, 32))
        return delay * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, keeps no secret


@dataclass(frozen=True, slots=True)
class Pause:
    """A wait until a moment of the clock, after so many failures in a row."""

    until: float
    failures: int


class Backoff(Generic[K]):
    """The keys that failed, and until when each one waits.

    A key whose pause is over is not forgotten: its next failure makes a longer pause.
    """

    def __init__(self, delays: Delays, clock: Callable[[], float] = time.monotonic) -> None:
        self._delays = delays
        self._clock = clock
        self._pauses: dict[K, Pause] = {}

    def failed(self, key: K) -> float:
        """Begin the next pause of `key`; returns its seconds."""
        failures = self._pauses[key].failures + 1 if key in self._pauses else 1
        delay = self._delays.after(failures)
        self._pauses[key] = Pause(self._clock() + delay, failures)
        return delay

    def succeeded(self, key: K) -> None:
        """Forget that `key` ever failed."""
        self._pauses.pop(key, None)

    def clear(self) -> None:
        """Forget every key."""
        self._pauses.clear()

    def failures(self, key: K) -> int:
        """How often in a row `key` has failed."""
        return self._pauses[key].failures if key in self._pauses else 0

    def paused(self) -> set[K]:
        """The keys that still wait."""
        now = self._clock()
        return {key for key, pause in self._pauses.items() if pause.until > now}

    def soonest(self) -> float | None:
        """Seconds until the next pause ends, or None when nothing waits."""
        now = self._clock()
        return min((p.until - now for p in self._pauses.values() if p.until > now), default=None)
