"""Work beside the requests: turn after turn while there is some, then a wait until there is."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from math import ceil

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
        self._waits = False

    @property
    def is_idle(self) -> bool:
        """Whether it waits to be woken, and has not been."""
        return self._waits and not self._woken.is_set()

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
        self._waits = True
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return
        finally:
            self._waits = False


class Crew:
    """Workers who share their work. Facts wake as many as they make work for, `share` for each.

    Were all woken by each fact, all but one would look for nothing.
    """

    def __init__(
        self, workers: Sequence[Worker], share: int, work_from: tuple[type[object], ...]
    ) -> None:
        self._workers = workers
        self._share = share
        self._work_from = work_from

    def hear(self, facts: Iterable[object]) -> bool:
        """Wake some if there is work from these, which are committed; returns whether so."""
        found = sum(isinstance(fact, self._work_from) for fact in facts)
        idle = [worker for worker in self._workers if worker.is_idle]
        # Where none is idle, one may just be finding nothing: all look again after their turns.
        woken = idle[: ceil(found / self._share)] or self._workers
        for worker in woken if found else ():
            worker.wake()
        return found > 0
