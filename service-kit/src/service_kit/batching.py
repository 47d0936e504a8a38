"""Many callers that each want one thing, one call that fetches them all."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from itertools import islice
from typing import Generic, TypeVar

from service_kit.deadlines import remaining
from service_kit.errors import DeadlineExceeded

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

BatchFunction = Callable[[Sequence[K]], Awaitable[Mapping[K, V]]]
"""Gives the values of the keys that exist; takes distinct keys, at most `max_batch`."""


@dataclass(slots=True, eq=False)
class _Wanted(Generic[V]):
    """Who waits for a key, and the context and the time of whoever has most time left."""

    context: Context
    seconds: float
    waiters: list[asyncio.Future[V | None]] = field(default_factory=list)


class Loader(Generic[K, V]):
    """Turns all `load(key)` of one event-loop tick into one call of the batch function.

    It runs in the context (trace, deadline) of the first caller, or of one who has more time:
    nobody fails because another is in a hurry. At most `max_in_flight` calls run at once; what is
    wanted meanwhile makes bigger batches. Nothing is cached.
    """

    def __init__(
        self, batch_function: BatchFunction[K, V], max_batch: int = 100, max_in_flight: int = 16
    ) -> None:
        self._batch_function = batch_function
        self._max_batch = max_batch
        self._max_in_flight = max_in_flight
        self._wanted: dict[K, _Wanted[V]] = {}
        self._running: set[asyncio.Task[Mapping[K, V]]] = set()
        self._scheduled = False

    async def load(self, key: K) -> V | None:
        """The value of `key`, or None where there is none.

        Raises what the batch function raises, or `DeadlineExceeded` when the caller's time is up.
        """
        seconds = remaining(math.inf)
        waiter = self._enqueue(key, seconds)
        if seconds == math.inf:
            return await waiter
        try:
            async with asyncio.timeout(seconds):
                return await waiter
        except TimeoutError as error:
            if waiter.cancelled():
                raise DeadlineExceeded from error
            raise

    def _enqueue(self, key: K, seconds: float) -> asyncio.Future[V | None]:
        loop = asyncio.get_running_loop()
        wanted = self._wanted.get(key)
        if wanted is None:
            wanted = self._wanted[key] = _Wanted(copy_context(), seconds)
        elif seconds > wanted.seconds:
            wanted.context, wanted.seconds = copy_context(), seconds
        waiter: asyncio.Future[V | None] = loop.create_future()
        wanted.waiters.append(waiter)
        if not self._scheduled:
            self._scheduled = True
            loop.call_soon(self._start)
        return waiter

    def _start(self) -> None:
        self._scheduled = False
        while self._wanted and len(self._running) < self._max_in_flight:
            keys = list(islice(self._wanted, self._max_batch))
            batch = {key: self._wanted.pop(key) for key in keys}
            live = {key: one for key, one in batch.items() if not all(map(_is_over, one.waiters))}
            if live:
                self._call(live)

    def _call(self, batch: Mapping[K, _Wanted[V]]) -> None:
        context = max(batch.values(), key=lambda one: one.seconds).context
        work = self._fetch(list(batch))
        task = asyncio.create_task(work, name="batch", context=context)
        self._running.add(task)

        def finished(task: asyncio.Task[Mapping[K, V]]) -> None:
            self._running.discard(task)
            for key, wanted in batch.items():
                for waiter in wanted.waiters:
                    _settle(waiter, task, key)
            self._start()

        task.add_done_callback(finished)

    async def _fetch(self, keys: Sequence[K]) -> Mapping[K, V]:
        return await self._batch_function(keys)


def _is_over(waiter: asyncio.Future[V | None]) -> bool:
    return waiter.done()


def _settle(waiter: asyncio.Future[V | None], task: asyncio.Task[Mapping[K, V]], key: K) -> None:
    """Give a waiter, if it still waits, its part of what a finished call came to."""
    if waiter.done():
        return
    if task.cancelled():
        waiter.cancel()
    elif (error := task.exception()) is not None:
        waiter.set_exception(error)
    else:
        waiter.set_result(task.result().get(key))
