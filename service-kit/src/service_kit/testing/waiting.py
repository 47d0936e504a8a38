"""Waiting for what another task brings about; a test never sleeps for luck."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

_INTERVAL = 0.01


async def eventually(
    condition: Callable[[], T | Awaitable[T]], deadline_seconds: float = 5.0, message: str = ""
) -> T:
    """The first true value of `condition` (a function or a coroutine function), asked every 10 ms.

    Fails the test after `deadline_seconds`, with `message` and the last value seen.
    """
    deadline = time.monotonic() + deadline_seconds
    while True:
        value = condition()
        found: T = await value if inspect.isawaitable(value) else value
        if found:
            return found
        if time.monotonic() > deadline:
            what = message or inspect.getsource(condition).strip()
            raise AssertionError(f"not within {deadline_seconds:g} s (last: {found!r}): {what}")
        await asyncio.sleep(_INTERVAL)
