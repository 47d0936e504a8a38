"""The time that is left for a request, handed down from the edge to every call that it makes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_EXPIRES: ContextVar[float | None] = ContextVar("deadline", default=None)


@contextmanager
def within(seconds: float | None) -> Iterator[None]:
    """Give the block `seconds` at the most, or what is left of the caller's own time if less."""
    if seconds is None:
        yield
        return
    expires, outer = time.monotonic() + seconds, _EXPIRES.get()
    _EXPIRES.set(expires if outer is None else min(expires, outer))
    try:
        yield
    finally:
        _EXPIRES.set(outer)  # not reset(token): a stream may be closed from another context


def remaining(default: float) -> float:
    """Seconds left, never below 0 and never above `default`."""
    expires = _EXPIRES.get()
    return default if expires is None else max(0.0, min(default, expires - time.monotonic()))
