"""Work that is done again and again."""

import asyncio

import pytest
from service_kit.errors import Unavailable
from service_kit.periodic import every
from service_kit.testing import eventually


async def test_work_goes_on_after_something_that_it_needs_was_away() -> None:
    turns: list[str] = []

    async def work() -> None:
        turns.append("turn")
        if len(turns) == 1:
            raise Unavailable

    task = asyncio.create_task(every(0.001, work, "test"))
    await eventually(lambda: len(turns) >= 3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_defect_ends_it() -> None:
    async def work() -> None:
        raise LookupError("defect")

    with pytest.raises(LookupError, match="defect"):
        await every(0.001, work, "test")
