"""The loader: many who want one thing each, one call."""

import asyncio
from collections.abc import Mapping, Sequence
from contextvars import ContextVar

import pytest
from service_kit.batching import Loader
from service_kit.deadlines import remaining, within
from service_kit.errors import DeadlineExceeded

CALLER: ContextVar[str] = ContextVar("caller", default="nobody")


class Source:
    """Doubles even numbers, knows no odd ones; remembers its calls, waits while `open` is clear."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.callers: list[str] = []
        self.seconds: list[float] = []
        self.running = 0
        self.most_running = 0
        self.open = asyncio.Event()
        self.open.set()

    async def __call__(self, keys: Sequence[int]) -> Mapping[int, int]:
        self.calls.append(list(keys))
        self.callers.append(CALLER.get())
        self.seconds.append(remaining(1000.0))
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        await self.open.wait()
        self.running -= 1
        return {key: key * 2 for key in keys if key % 2 == 0}


async def test_all_loads_of_a_tick_are_one_call() -> None:
    source = Source()
    loader = Loader(source)
    assert await asyncio.gather(*map(loader.load, [2, 4, 6])) == [4, 8, 12]
    assert source.calls == [[2, 4, 6]]


async def test_who_wants_the_same_shares_it() -> None:
    source = Source()
    loader = Loader(source)
    assert await asyncio.gather(*map(loader.load, [2, 2, 4, 2])) == [4, 4, 8, 4]
    assert source.calls == [[2, 4]]


async def test_what_there_is_not_is_none() -> None:
    loader = Loader(Source())
    assert await asyncio.gather(*map(loader.load, [1, 2])) == [None, 4]


async def test_nothing_is_kept_for_the_next_tick() -> None:
    source = Source()
    loader = Loader(source)
    await loader.load(2)
    await loader.load(2)
    assert source.calls == [[2], [2]]


async def test_batches_are_no_bigger_than_allowed() -> None:
    source = Source()
    loader = Loader(source, max_batch=2)
    assert await asyncio.gather(*map(loader.load, [2, 4, 6, 8, 10])) == [4, 8, 12, 16, 20]
    assert source.calls == [[2, 4], [6, 8], [10]]


async def test_what_is_wanted_while_too_much_is_in_flight_waits_and_is_batched() -> None:
    source = Source()
    source.open.clear()
    loader = Loader(source, max_batch=3, max_in_flight=2)
    waiting = [asyncio.create_task(loader.load(key)) for key in range(0, 22, 2)]
    await asyncio.wait(waiting, timeout=0.01)
    assert source.calls == [[0, 2, 4], [6, 8, 10]]
    source.open.set()
    assert await asyncio.gather(*waiting) == [key * 2 for key in range(0, 22, 2)]
    assert source.most_running == 2


async def test_an_exception_goes_to_everyone_in_the_batch() -> None:
    async def failing(_keys: Sequence[int]) -> Mapping[int, int]:
        raise RuntimeError("no")

    loader = Loader(failing)
    results = await asyncio.gather(loader.load(1), loader.load(2), return_exceptions=True)
    assert [str(result) for result in results] == ["no", "no"]


async def test_one_who_is_cancelled_takes_nobody_along() -> None:
    source = Source()
    source.open.clear()
    loader = Loader(source)
    first, second = asyncio.create_task(loader.load(2)), asyncio.create_task(loader.load(2))
    await asyncio.wait([first], timeout=0.01)
    first.cancel()
    source.open.set()
    assert await second == 4
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_what_nobody_waits_for_any_more_is_not_fetched() -> None:
    source = Source()
    loader = Loader(source)
    task = asyncio.create_task(loader.load(2))
    asyncio.get_running_loop().call_soon(task.cancel)
    await asyncio.wait([task])
    await loader.load(4)
    assert [4] in source.calls
    assert source.running == 0


async def test_the_call_runs_in_the_context_of_the_first_caller() -> None:
    source = Source()
    loader = Loader(source)

    async def load(caller: str) -> int | None:
        CALLER.set(caller)
        return await loader.load(2)

    await asyncio.gather(load("first"), load("second"))
    assert source.callers == ["first"]


async def test_nobody_fails_because_another_is_in_a_hurry() -> None:
    source = Source()
    loader = Loader(source)

    async def load(seconds: float) -> int | None:
        with within(seconds):
            return await loader.load(2)

    assert await asyncio.gather(*map(load, [0.5, 100, 10])) == [4, 4, 4]
    assert 99 < source.seconds[0] <= 100


async def test_who_is_in_a_hurry_is_told_when_the_time_is_up() -> None:
    source = Source()
    source.open.clear()
    loader = Loader(source)
    patient = asyncio.create_task(loader.load(2))
    with within(0.01), pytest.raises(DeadlineExceeded):
        await loader.load(2)
    source.open.set()
    assert await patient == 4
