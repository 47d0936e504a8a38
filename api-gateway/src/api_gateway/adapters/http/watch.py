"""Measures how long a service keeps an empty call waiting, while many wait for it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from service_kit.errors import AppError

from api_gateway.adapters.http.crowd import SILENT_SECONDS, Crowd

_PAUSE_SECONDS: Final = 0.02
"""Between two calls: a half to one percent of a core in both processes, while there is a crowd."""
_SHORT_PAUSE_SECONDS: Final = 0.01
"""While it is not known whether there is a queue: some may be refused in vain."""


async def watch(crowd: Crowd, call: Callable[[], Awaitable[None]]) -> None:
    """Tell the crowd about its service, for ever. `call` raises AppError where there is none."""
    while True:
        await crowd.grown.wait()
        while crowd.is_watched:
            crowd.hear(answered=await _asked(crowd, call))
            await asyncio.sleep(_SHORT_PAUSE_SECONDS if crowd.is_in_doubt else _PAUSE_SECONDS)
        crowd.rest()


async def _asked(crowd: Crowd, call: Callable[[], Awaitable[None]]) -> bool:
    crowd.ask()
    try:
        async with asyncio.timeout(SILENT_SECONDS):
            await call()
    except (TimeoutError, AppError):
        return False
    return True
