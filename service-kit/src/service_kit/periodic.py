"""Work that is done again and again beside the requests."""

import asyncio
from collections.abc import Awaitable, Callable

from service_kit import logs
from service_kit.errors import AppError


async def every(seconds: float, work: Callable[[], Awaitable[object]], name: str) -> None:
    """Do `work` now, and again `seconds` after each end of it, until cancelled.

    An `AppError` (a database that is away) is logged, and the next turn tries again; anything else
    is a defect and passes, which ends the process where `Background` owns this.
    """
    while True:
        try:
            await work()
        except AppError as error:
            reason = f"{error.code}: {error.message}"
            logs.get(__name__).warning("work failed", work=name, reason=reason, retry_in=seconds)
        await asyncio.sleep(seconds)
