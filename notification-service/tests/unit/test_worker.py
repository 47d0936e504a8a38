"""Work beside the requests."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from service_kit.backoff import Delays
from service_kit.errors import Unavailable
from service_kit.testing import eventually

from notification_service.adapters.worker import Worker

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
