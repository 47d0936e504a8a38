"""How much of the processors heavy work may take, so that it leaves requests theirs."""

import asyncio
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

_QUOTA: Final = Path("/sys/fs/cgroup/cpu.max")


class WorkBudget:
    """Seconds of processor time for work of one kind, as a token bucket.

    In the long run `share` of all `processors` (this process's, if not given); what was not used
    is saved up to `saved_seconds`. Work begins while anything is left and is paid for when it is
    known what it took, so a large piece makes the next one wait. Safe to use from several threads.
    """

    def __init__(
        self,
        share: float,
        saved_seconds: float,
        *,
        processors: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate = share * (processors or own_processors())
        self._most = self._left = saved_seconds
        self._clock = clock
        self._at = clock()
        self._lock = threading.Lock()

    def spend(self, seconds: float) -> None:
        """So much processor time was taken."""
        with self._lock:
            self._fill()
            self._left -= seconds

    def wait(self, ahead: float = 0.0) -> float:
        """Seconds until work may begin that has `ahead` seconds of work before it; 0 is now."""
        with self._lock:
            self._fill()
            return max(0.0, ahead - self._left) / self._rate

    async def turn(self) -> None:
        """Return when work may begin."""
        while True:
            seconds = self.wait()
            if seconds == 0:
                return
            await asyncio.sleep(seconds)

    def _fill(self) -> None:
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._at) * self._rate)
        self._at = now


def own_processors(quota: Path = _QUOTA) -> float:
    """How many processors this process may use: by its affinity, and by its container's quota.

    `quota` is the cgroup's `cpu.max`: microseconds of time, or `max`, in so many of the clock.
    """
    try:
        most = float(len(os.sched_getaffinity(0)))
    except AttributeError:  # not Linux
        most = float(os.cpu_count() or 1)
    with suppress(OSError, ValueError):
        time_given, period = map(float, quota.read_text("ascii").split())
        most = min(most, time_given / period)
    return most
