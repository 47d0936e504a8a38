"""Keeps what a library says again and again from filling the logs."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_TALKATIVE: Final = ("aiokafka",)
"""Loggers, with those below them, that complain of every try while a broker is away."""


@dataclass(slots=True)
class _Window:
    ends: float
    said: int = 0
    withheld: int = 0


class RepeatFilter(logging.Filter):
    """Lets each message of a talkative library through a few times a minute.

    A message is known by its text before values are put in. The first line of the next minute has
    a field `withheld`: how many were left out before it.
    """

    def __init__(
        self,
        most: int = 3,
        window_seconds: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._most = most
        self._window_seconds = window_seconds
        self._clock = clock
        self._windows: dict[tuple[str, str], _Window] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a line is written."""
        if record.name.partition(".")[0] not in _TALKATIVE:
            return True
        key, now = (record.name, str(record.msg)), self._clock()
        window = self._windows.get(key)
        if window is None or now >= window.ends:
            if window is not None and window.withheld:
                record.withheld = window.withheld
            window = self._windows[key] = _Window(now + self._window_seconds)
        window.said += 1
        if window.said <= self._most:
            return True
        window.withheld += 1
        return False
