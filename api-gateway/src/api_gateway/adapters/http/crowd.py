"""How many requests may wait for one service: few, while its queue or ours stands."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

from service_kit import logs

FEWEST: Final = 4
"""Places that there are always: enough to keep two processors busy."""
ORDINARY: Final = 16
"""So many may wait whatever an empty call says; with more a slow one is an alarm."""
MOST_SHEDDING: Final = 8
"""No more places while some are refused: they would add waiting, and no answers."""
MOST_UNSEEN: Final = 128
"""So many while nothing is known yet; each round trip that is quick adds as many to those there."""
WATCHED_FROM: Final = 8
"""From so many on the service's queue is measured."""
STANDING_SECONDS: Final = 0.005
"""An empty call that takes longer stood in a queue (RFC 8289, section 4.4, has the same target)."""
SILENT_SECONDS: Final = 1.0
"""A call without an answer for longer says that the service is away, not that it is busy."""
WINDOW_SECONDS: Final = 0.1
"""The quickest call of so long tells a queue that stands from one that goes again (section 3.1)."""
CALM_SECONDS: Final = 1.0
"""After so long without a refusal everything is as before."""
CONVINCING: Final = 8
"""So many quick calls in a row after a slow one say that there is no queue: fewer may be luck."""
_OPENING: Final = 1.25
"""So many times the places after each of them."""
_HOLDING: Final = 2
"""From so many on as many may wait as do: there are places for those who come as others go."""
_LESS: Final = 0.8
_MORE: Final = 1.0


class Crowd:
    """Those who wait for one service.

    While there are more than is ordinary, empty calls measure how long the event loops of both
    processes keep work waiting. A queue that stands means too many requests, and only then fewer
    are let in; a service that merely takes its time answers empty calls at once, and one that
    is away answers none. Within that: additive increase, multiplicative decrease.
    """

    def __init__(self, service: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.service = service
        self.limit = float(MOST_UNSEEN)
        self._clock = clock
        self._inside = self._coming = 0
        self._asked_at: float | None = None
        self._window: list[float] = []
        self._window_ends = self._refused_at = 0.0
        self._refused = 0
        self._is_unsure = False
        self._quick_calls = self._left = 0
        self.grown = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many there are, those included whose work has not begun."""
        return self._inside + self._coming

    @property
    def is_in_doubt(self) -> bool:
        """Whether the next calls decide if more are let in than can be answered, or too few."""
        return self._is_unsure or (self.waiting > ORDINARY and not self.is_shedding)

    @property
    def is_shedding(self) -> bool:
        """Whether there are fewer places than usual."""
        return self._is_unsure or self.limit <= ORDINARY

    @property
    def is_watched(self) -> bool:
        """Whether empty calls have something to find out."""
        return self.waiting >= WATCHED_FROM or self.is_shedding

    def __enter__(self) -> None:
        """One more waits while the block runs."""
        self._inside += 1
        if self._inside == WATCHED_FROM:
            self.grown.set()

    def __exit__(self, *_: object) -> None:
        self._inside -= 1
        self._left += 1

    def expect(self) -> None:
        """One is let in, and begins soon."""
        self._coming += 1

    def begun(self) -> None:
        """It has: now it counts by itself."""
        self._coming -= 1

    def refuses(self) -> bool:
        """Whether one more is too many. Who asks, and is told so, has been refused."""
        waiting = self.waiting
        if waiting < FEWEST or (waiting < ORDINARY and not self.is_shedding):
            return False
        if not self.is_shedding and self._is_slow():
            self._alarm()
        if waiting < self.limit:
            return False
        self._refused += 1
        self._refused_at = self._clock()
        return True

    def ask(self) -> None:
        """An empty call begins."""
        self._asked_at = self._clock()

    def hear(self, *, answered: bool) -> None:
        """It has ended."""
        now = self._clock()
        if self._asked_at is None:
            return
        took, self._asked_at = now - self._asked_at, None
        if not answered:
            self._window.clear()
            if self.is_shedding:  # who waits for a service that is away waits in no queue
                self._calm_down()
            return
        self._window.append(took)
        if not self.is_shedding:
            self._grow(took)
        elif self._is_unsure:
            self._decide(took, now)
        elif now >= self._window_ends:
            self._adapt(min(self._window), now)

    def rest(self) -> None:
        """Nobody asks until it has grown again: the last call says nothing of those who come."""
        self._window.clear()
        self.grown.clear()

    def _is_slow(self) -> bool:
        """Whether the last call, or the one that is on its way, took longer than it should."""
        if self._asked_at is None:
            return bool(self._window) and self._window[-1] > STANDING_SECONDS
        return STANDING_SECONDS < self._clock() - self._asked_at < SILENT_SECONDS

    def _alarm(self) -> None:
        """Let in fewer for now; the next calls tell whether that was right."""
        self.limit = float(MOST_SHEDDING)
        self._is_unsure = True
        self._quick_calls = 0
        self._begin_window(self._clock())

    def _decide(self, took: float, now: float) -> None:
        """Open while calls are quick, with many let in. One may be so by luck, or as few are."""
        if took <= STANDING_SECONDS:
            self._quick_calls += 1
            self._open(now)
        elif now < self._window_ends:
            self._quick_calls = 0
            self.limit = float(MOST_SHEDDING)
        else:
            self._is_unsure = False
            self.limit = float(FEWEST)
            self._begin_window(now)
            logs.get(__name__).warning("too many requests wait", service=self.service)

    def _open(self, now: float) -> None:
        if self._quick_calls == CONVINCING:
            self._calm_down()
            return
        self.limit = MOST_SHEDDING * _OPENING**self._quick_calls
        if self._quick_calls >= _HOLDING and self.waiting > self.limit:
            self.limit = float(self.waiting)
            self._window_ends = now + WINDOW_SECONDS

    def _calm_down(self) -> None:
        if not self._is_unsure:
            logs.get(__name__).info("no more wait", service=self.service, refused=self._refused)
        self.limit = float(self.waiting + MOST_UNSEEN)
        self._is_unsure = False
        self._refused = 0

    def _grow(self, took: float) -> None:
        """Who was quick to answer with so many waiting takes more."""
        del self._window[:-1]
        if took <= STANDING_SECONDS:
            self.limit = max(self.limit, float(self.waiting + MOST_UNSEEN))

    def _begin_window(self, now: float) -> None:
        self._window.clear()
        self._window_ends = now + WINDOW_SECONDS
        self._left = 0

    def _adapt(self, quickest: float, now: float) -> None:
        is_slow_work = self.waiting >= self.limit > self._left
        self._begin_window(now)
        if now - self._refused_at > CALM_SECONDS:
            self._calm_down()
        elif quickest > STANDING_SECONDS:
            self.limit = max(float(FEWEST), self.limit * _LESS)
        elif is_slow_work:  # those few wait for longer than a window, and not for each other
            self._calm_down()
        elif now - self._refused_at < 2 * WINDOW_SECONDS:
            self.limit = min(float(MOST_SHEDDING), self.limit + _MORE)
