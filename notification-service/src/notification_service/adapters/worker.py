"""Work beside the requests: turn after turn while there is some, then a wait until there is."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import asyncpg
from service_kit import logs
from service_kit.backoff import Backoff, Delays
from service_kit.errors import AppError


class Worker:
    """Takes turns (which return whether there may be more to do) until it is cancelled.

    A turn that fails is logged, and another is taken a little later. Facts of the kinds `work_from`
    wake it; everything else waits for the poll.
    """

    def __init__(
        self,
        name: str,
        turn: Callable[[], Awaitable[bool]],
        poll_seconds: float,
        delays: Delays | None = None,
        *,
        work_from: tuple[type[object], ...] = (),
    ) -> None:
        self.name = name
        self._work_from = work_from
        self._turn = turn
        self._poll_seconds = poll_seconds
        self._backoff: Backoff[str] = Backoff(delays or Delays(0.1, 5.0))
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Say that there is something to do. Cheap."""
        self._woken.set()

    def hear(self, facts: Iterable[object]) -> bool:
        """Wake it if there is work from one of these, which are committed; returns whether so."""
        is_work = any(isinstance(fact, self._work_from) for fact in facts)
        if is_work:
            self.wake()
        return is_work

    async def run(self) -> None:
        """Work until cancelled; services and databases that are away are waited for."""
        while True:
            self._woken.clear()
            try:
                is_busy = await self._turn()
            except (AppError, asyncpg.PostgresError) as error:
                await self._pause(error)
            else:
                self._backoff.succeeded(self.name)
                if not is_busy:
                    await self._wait(self._poll_seconds)

    async def _pause(self, error: Exception) -> None:
        delay = self._backoff.failed(self.name)
        logs.get(__name__).warning("work failed", worker=self.name, retry_in=delay, exc_info=error)
        await asyncio.sleep(delay)

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return
