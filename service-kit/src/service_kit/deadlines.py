"""The time that is left for a request, handed down from the edge to every call that it makes."""

import time
from contextlib import AbstractContextManager
from contextvars import ContextVar

_EXPIRES: ContextVar[float | None] = ContextVar("deadline", default=None)


def within(seconds: float | None) -> AbstractContextManager[None]:
    """Give the block `seconds` at the most, or what is left of the caller's own time if less."""
    return _Within(seconds)


class _Within:
    """No generator, as every call enters it."""

    __slots__ = ("_outer", "_seconds")

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds

    def __enter__(self) -> None:
        self._outer = outer = _EXPIRES.get()
        if self._seconds is not None:
            expires = time.monotonic() + self._seconds
            _EXPIRES.set(expires if outer is None else min(expires, outer))

    def __exit__(self, *_: object) -> None:
        if self._seconds is not None:
            # Not reset(token): a stream may be closed from another context.
            _EXPIRES.set(self._outer)


def remaining(default: float) -> float:
    """Seconds left, never below 0 and never above `default`."""
    expires = _EXPIRES.get()
    return default if expires is None else max(0.0, min(default, expires - time.monotonic()))
