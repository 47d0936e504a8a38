"""Timers for thousands of connections: one heap, one task that looks at it."""

import heapq
from collections.abc import Callable
from itertools import count


class Timer:
    """Something that is due at a time, unless it is cancelled."""

    __slots__ = ("_call",)

    def __init__(self, call: Callable[[], None]) -> None:
        self._call: Callable[[], None] | None = call

    def cancel(self) -> None:
        """Never run, and hold on to nothing."""
        self._call = None

    def run(self) -> None:
        """Do what is due."""
        if self._call is not None:
            self._call()


class Timers:
    """What is due when; times are those of the clock that `run_due` is called with."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timer]] = []
        self._number = count()

    def __len__(self) -> int:
        return len(self._heap)

    def at(self, due: float, call: Callable[[], None]) -> Timer:
        """Run `call` at `due`, or at the first look after it."""
        timer = Timer(call)
        heapq.heappush(self._heap, (due, next(self._number), timer))
        return timer

    def run_due(self, now: float, most: int) -> bool:
        """Run up to `most` of what is due; returns whether more is."""
        for _ in range(most):
            if not self._heap or self._heap[0][0] > now:
                return False
            heapq.heappop(self._heap)[2].run()
        return bool(self._heap) and self._heap[0][0] <= now
