"""Answers to reads, kept for a moment: what many ask for at once is fetched once.

What a caller has changed itself, through whichever gateway, is never answered from before that,
nor is what somebody has changed of what is about them; all else is seen within `LIFETIME_SECONDS`.
Entries expire by the time at which their loading began, so nothing has to arrive for that to hold.
What only one user can change lasts longer, while the services confirm that it has not changed.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from service_kit import metrics
from service_kit.errors import DeadlineExceeded

from api_gateway.adapters.http.answer import Answer, Fields, stem_of
from api_gateway.adapters.http.conditional import entity_tag
from api_gateway.application.changes import LONGEST_SECONDS, KnownChanges
from api_gateway.application.recent_writes import Gateways, Moments, RecentWrites

LIFETIME_SECONDS: Final = 0.8
_POPULAR: Final = 3
"""Whoever asks for the third time for what is no longer fresh has it fetched anew, for others."""
_MOST_BYTES: Final = 16 * 1024 * 1024
_LARGEST: Final = 256 * 1024
_OVERHEAD: Final = 1024
"""Bytes of an entry beside its body, roughly."""

Key = Hashable
Work = Callable[[], Awaitable[Answer]]


@dataclass(slots=True)
class Kept:
    """A success as it can be given again, and was `uses` times.

    `begun` is when it began to be fetched; `about` and `alone` are those of `Answer`.
    """

    begun: float
    stem: bytes
    tag: str
    fields: Fields
    about: int | None = None
    alone: bool = False
    uses: int = 0


@dataclass(frozen=True, slots=True)
class _Flight:
    begun: float
    task: "asyncio.Task[Answer]"


class HotReads:
    """What was answered a moment ago, by key; loads of one key at a time are one load."""

    def __init__(
        self,
        writes: RecentWrites,
        gateways: Gateways,
        clock: Callable[[], float] = time.monotonic,
        changes: Sequence[KnownChanges] = (),
    ) -> None:
        """`changes` are those of all services that answers about one user are made from."""
        self._writes = writes
        self._gateways = gateways
        self._changes = changes
        self._clock = clock
        self._kept: OrderedDict[Key, Kept] = OrderedDict()
        self._flights: dict[Key, _Flight] = {}
        self._looks = Moments()
        self._bytes = 0
        self._hits = metrics.CACHE_REQUESTS.labels("gateway_reads", "hit")
        self._misses = metrics.CACHE_REQUESTS.labels("gateway_reads", "miss")

    def looked(self, user_id: int) -> None:
        """Somebody has read what is their own: what is kept of that alone may be older."""
        self._looks.note(user_id, self._clock())

    def own_key(self, key: Key, user_id: int) -> Key:
        """The key of what is answered to that user alone, since they last looked."""
        return key, user_id, self._looks.last(user_id)

    async def wrote(self, user_id: int, *, profile: bool = False) -> None:
        """Somebody has changed something: from here on it is read of them, at every gateway."""
        self._writes.note(user_id, profile=profile)
        await self._gateways.tell(user_id, profile=profile)

    def find(self, key: Key, user_id: int | None) -> Kept | None:
        """What that caller (None: unknown) may be answered without asking anybody."""
        kept = self._kept.get(key)
        if kept is None or kept.begun <= self._oldest(kept, user_id):
            return None
        if kept.begun <= self._clock() - self._lifetime(kept):
            return None
        self._hits.inc()
        self._kept.move_to_end(key)
        kept.uses += 1
        return kept

    def is_at_hand(self, key: Key) -> bool:
        """Whether the answer is kept, for whoever has not just written, or on its way."""
        if key in self._flights:
            return True
        kept = self._kept.get(key)
        return kept is not None and kept.begun > self._clock() - self._lifetime(kept)

    def _oldest(self, kept: Kept, user_id: int | None) -> float:
        """When it must have begun at the earliest to show that caller what it must show."""
        is_theirs = not kept.alone or kept.about == user_id
        if is_theirs or user_id is None or not self._writes.are_heard:
            return self._writes.since(user_id)
        return self._writes.since_told(user_id)

    def _lifetime(self, kept: Kept) -> float:
        """How long it is good for whoever did not write it, by what is known now."""
        about, begun = kept.about, kept.begun
        if about is not None and begun <= self._writes.since_written(about):
            return 0.0
        if about is None or not kept.alone or not self._changes:
            return LIFETIME_SECONDS
        confirmed = all(changes.confirm(about, begun) for changes in self._changes)
        return LONGEST_SECONDS if confirmed else LIFETIME_SECONDS

    def renew(self, key: Key, kept: Kept, work: Callable[[], Work]) -> None:
        """Have what is popular and no longer fresh fetched anew, so that nobody waits for it.

        `work` makes what to do; it is called only where that is done.
        """
        if kept.uses < _POPULAR or self._clock() - kept.begun < self._lifetime(kept) / 2:
            return  # few ask for it, or it is fresh
        if key not in self._flights:
            self._start(key, work())

    async def load(self, key: Key, user_id: int | None, work: Work) -> Answer:
        """What `work` answers, or the same work for another caller that began late enough."""
        self._misses.inc()
        while (flight := self._under_way(key, user_id)) is not None:
            if (shared := await self._landed_for_others(flight)) is not None:
                return shared
        return _copy(await asyncio.shield(self._start(key, work).task))

    def _under_way(self, key: Key, user_id: int | None) -> _Flight | None:
        """The load that this caller may wait for: it reads what is new enough."""
        flight = self._flights.get(key)
        oldest = max(self._writes.since(user_id), self._clock() - LIFETIME_SECONDS)
        return flight if flight is not None and flight.begun > oldest else None

    async def _landed_for_others(self, flight: _Flight) -> Answer | None:
        """What somebody else's load found; None where it says nothing to whoever joined it.

        Its deadline was that of whoever began it, and a row may be written after it was read.
        """
        try:
            answer = await asyncio.shield(flight.task)
        except DeadlineExceeded:
            return None
        if answer.about is not None and flight.begun <= self._writes.since_written(answer.about):
            return None
        return _copy(answer)

    def _start(self, key: Key, work: Work) -> _Flight:
        begun = self._clock()

        async def loaded() -> Answer:
            answer = await work()
            self._keep(key, begun, answer)
            return answer

        flight = _Flight(begun, asyncio.create_task(loaded(), name="hot read"))
        self._flights[key] = flight
        flight.task.add_done_callback(lambda task: self._landed(key, task))
        return flight

    def _landed(self, key: Key, task: "asyncio.Task[Answer]") -> None:
        flight = self._flights.get(key)
        if flight is not None and flight.task is task:
            del self._flights[key]
        if not task.cancelled():
            task.exception()  # those who wait have it; nobody may wait any more

    def _keep(self, key: Key, begun: float, answer: Answer) -> None:
        if answer.status != 200 or not answer.data or len(answer.body) > _LARGEST:
            return
        if (other := self._kept.get(key)) is not None and other.begun > begun:
            return  # what began later was quicker
        self._drop(key)
        kept = Kept(
            *(begun, stem_of(answer), entity_tag(answer.data), list(answer.fields)),
            *(answer.about, answer.alone),
        )
        self._kept[key] = kept
        self._bytes += len(kept.stem) + _OVERHEAD
        while self._bytes > _MOST_BYTES:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: Key) -> None:
        if (kept := self._kept.pop(key, None)) is not None:
            self._bytes -= len(kept.stem) + _OVERHEAD


def _copy(answer: Answer) -> Answer:
    """The same for one caller, who adds fields of their own."""
    return replace(answer, fields=list(answer.fields))
