"""Work beside the requests."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from service_kit.backoff import Delays
from service_kit.errors import Unavailable
from service_kit.testing import eventually

from notification_service.adapters.worker import Crew, Worker

NEVER = 3600.0
AT_ONCE = Delays(0.001, 0.001)


@asynccontextmanager
async def at_work(turn: Callable[[], Awaitable[bool]], poll: float) -> AsyncIterator[Worker]:
    """A worker that runs while the block does."""
    worker = Worker("test", turn, poll, AT_ONCE, work_from=(int,))
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_turns_are_taken_while_there_is_something_to_do() -> None:
    left = [True, True, False]
    async with at_work(_taking(left), NEVER):
        await eventually(lambda: not left)


async def test_a_worker_that_waits_is_woken() -> None:
    left = [False]
    async with at_work(_taking(left), NEVER) as worker:
        await eventually(lambda: not left)
        left.append(False)
        worker.wake()
        await eventually(lambda: not left)


async def test_only_facts_that_make_work_for_it_wake_it() -> None:
    left = [False]
    async with at_work(_taking(left), NEVER) as worker:
        await eventually(lambda: not left)
        assert not worker.hear(["a follow", "an unfollow"])
        left.append(False)
        assert worker.hear(["a follow", 9])
        await eventually(lambda: not left)


async def test_a_wake_up_during_a_turn_is_not_missed() -> None:
    turns = 0

    async def turn() -> bool:
        nonlocal turns
        turns += 1
        if turns == 1:
            worker.wake()
        return False

    async with at_work(turn, NEVER) as worker:
        await eventually(lambda: turns == 2)


async def test_of_a_crew_as_many_are_woken_as_there_is_work_for() -> None:
    async with crew_at_work(4) as crew:
        assert not crew.hear(["a follow"])
        assert crew.hear([1, "a follow", 2])
        await eventually(lambda: crew.turns == 4 + 1)
        assert crew.hear([1, 2, 3])
        await eventually(lambda: crew.turns == 4 + 1 + 2)
        await crew.rest()
        assert crew.turns == 4 + 1 + 2


async def test_one_who_is_woken_and_has_not_begun_is_not_woken_for_another_fact() -> None:
    async with crew_at_work(3) as crew:
        assert crew.hear([1])
        assert crew.hear([2])
        await eventually(lambda: crew.turns == 3 + 2)


async def test_a_crew_that_is_busy_looks_again_after_its_turns() -> None:
    async with crew_at_work(2) as crew:
        crew.may_end.clear()
        crew.hear([1, 2, 3])
        await eventually(lambda: crew.turns == 2 + 2)
        crew.hear([1])
        crew.may_end.set()
        await eventually(lambda: crew.turns == 2 + 2 + 2)


class CountingCrew(Crew):
    """Counts the turns of all, which find nothing, and end when they may. A share is of two."""

    def __init__(self, size: int) -> None:
        self.turns = 0
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.workers = [Worker("test", self._turn, NEVER, AT_ONCE) for _ in range(size)]
        super().__init__(self.workers, 2, (int,))

    async def rest(self) -> None:
        """Returns when nobody has anything to do."""
        await eventually(lambda: all(worker.is_idle for worker in self.workers))

    async def _turn(self) -> bool:
        self.turns += 1
        await self.may_end.wait()
        return False


@asynccontextmanager
async def crew_at_work(size: int) -> AsyncIterator[CountingCrew]:
    """A crew that has looked for work once, while the block runs."""
    crew = CountingCrew(size)
    tasks = [asyncio.create_task(worker.run()) for worker in crew.workers]
    await crew.rest()
    try:
        yield crew
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_worker_that_nobody_wakes_looks_by_itself() -> None:
    left = [False, False, False]
    async with at_work(_taking(left), 0.001):
        await eventually(lambda: not left)


async def test_a_turn_that_fails_is_followed_by_another() -> None:
    turns = 0

    async def turn() -> bool:
        nonlocal turns
        turns += 1
        if turns < 3:
            raise Unavailable
        return False

    async with at_work(turn, NEVER):
        await eventually(lambda: turns == 3)


def _taking(left: list[bool]) -> Callable[[], Awaitable[bool]]:
    async def turn() -> bool:
        return left.pop(0) if left else False

    return turn
