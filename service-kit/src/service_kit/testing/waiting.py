"""Waiting for what another task brings about; a test never sleeps for luck."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

T = TypeVar("T")

_INTERVAL = 0.01


@overload
async def eventually(
    condition: Callable[[], Awaitable[T]], deadline_seconds: float = 5.0, message: str = ""
) -> T: ...
@overload
async def eventually(
    condition: Callable[[], T], deadline_seconds: float = 5.0, message: str = ""
) -> T: ...
async def eventually(
    condition: Callable[[], Any], deadline_seconds: float = 5.0, message: str = ""
) -> Any:
    """The first true value of `condition` (a function or a coroutine function), asked every 10 ms.

    Fails the test after `deadline_seconds`, with `message` and the last value seen.
    """
    deadline = time.monotonic() + deadline_seconds
    while True:
        value = condition()
        found = await value if inspect.isawaitable(value) else value
        if found:
            return found
        if time.monotonic() > deadline:
            what = message or inspect.getsource(condition).strip()
            raise AssertionError(f"not within {deadline_seconds:g} s (last: {found!r}): {what}")
        await asyncio.sleep(_INTERVAL)
