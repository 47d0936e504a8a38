"""How much this process has to stand in line for a processor, so that background work gives way."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

_NOTICED: Final = 0.2
_SEVERE: Final = 0.35
_INTERVAL_SECONDS: Final = 0.25
_SCHEDSTAT: Final = Path("/proc/self/schedstat")


class Contention:
    """The share of the last moments in which the main thread could have run but had to wait.

    What nobody waits for is done later and in larger pieces then, which cost less. Source: the
    second number of Linux's `schedstat`, in nanoseconds; where there is none, nothing waits.
    """

    def __init__(
        self,
        noticed: float = _NOTICED,
        severe: float = _SEVERE,
        *,
        source: Path = _SCHEDSTAT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`noticed` and `severe` are the shares where giving way begins, and where it is full."""
        self._noticed = noticed
        self._severe = severe
        self._source = source
        self._clock = clock
        self._share = 0.0
        self._at = clock()
        self._waited = self._waited_seconds()

    def between(self, least: float, most: float) -> float:
        """`least` up to what is noticed, `most` from what is severe on, in proportion between."""
        severity = (self._measured() - self._noticed) / (self._severe - self._noticed)
        return least + (most - least) * min(max(severity, 0.0), 1.0)

    def _measured(self) -> float:
        """The share, measured four times a second at most; half of the one before stays in it."""
        now = self._clock()
        if (elapsed := now - self._at) >= _INTERVAL_SECONDS:
            waited = self._waited_seconds()
            latest = (waited - self._waited) / elapsed
            is_next = elapsed < 2 * _INTERVAL_SECONDS
            self._share = (self._share + latest) / 2 if is_next else latest
            self._at, self._waited = now, waited
        return self._share

    def _waited_seconds(self) -> float:
        try:
            return int(self._source.read_text().split()[1]) / 1e9
        except (OSError, IndexError, ValueError):
            return 0.0
