"""Ctrl-C and SIGTERM as a request that is looked at where it is safe to act on it."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequested(Exception):
    """Somebody asked for the end."""


class StopRequest:
    """Whether the end has been asked for."""

    def __init__(self) -> None:
        self.made = False

    def check(self) -> None:
        """Raise StopRequested if it has."""
        if self.made:
            raise StopRequested

    def note(self, _number: int, _frame: FrameType | None) -> None:
        """Be a signal handler."""
        self.made = True


@contextmanager
def stop_request() -> Iterator[StopRequest]:
    """Turn stop signals into a StopRequest while the block runs.

    A handler that raised could strike between the birth of a child and the note of its id.
    """
    request = StopRequest()
    before = {number: signal.signal(number, request.note) for number in STOP_SIGNALS}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
