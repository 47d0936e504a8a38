"""Revocations as a stream, for those who verify tokens offline."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Final

from auth_service.application.ports import Revocations
from auth_service.domain.models import Revocation

_CLOCK_SKEW: Final = timedelta(minutes=1)
_HEARTBEAT_SECONDS: Final = 10.0


class Pulse(Enum):
    """A sign of life."""

    HEARTBEAT = "heartbeat"


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """Everything that was committed before the stream began has been sent."""

    last_id: int


FeedItem = Revocation | CaughtUp | Pulse


@dataclass(frozen=True, slots=True)
class RevocationFeed:
    """Streams of revocations; `clock` counts seconds."""

    revocations: Revocations
    access_token_life: timedelta
    clock: Callable[[], float]
    heartbeat_seconds: float = _HEARTBEAT_SECONDS

    async def watch(self, after_id: int) -> AsyncIterator[FeedItem]:
        """Those after an id that still matter, `CaughtUp`, then new ones, until the feed is closed.

        An id that this database has not reached (it was restored) counts as 0.
        """
        newest = await self.revocations.newest_id()
        last = after_id if 0 <= after_id <= newest else 0
        while batch := await self._next(last):
            last = batch[-1].id
            for revocation in batch:
                yield revocation
        last = max(last, newest)
        yield CaughtUp(last)
        spoken, mark = self.clock(), await self.revocations.wait(0)
        while mark is not None:
            for revocation in await self._next(last):
                last, spoken = revocation.id, self.clock()
                yield revocation
            if self.clock() - spoken >= self.heartbeat_seconds:
                spoken = self.clock()
                yield Pulse.HEARTBEAT
            mark = await self.revocations.wait(mark)

    async def _next(self, after_id: int) -> list[Revocation]:
        return await self.revocations.after(after_id, self.access_token_life + _CLOCK_SKEW)
