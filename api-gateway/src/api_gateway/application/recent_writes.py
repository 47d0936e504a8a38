"""Who has changed something lately: what they read next must be younger than that."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Protocol

_MOST: Final = 20_000
"""People that are remembered; where there were more, the forgotten ones count as one."""


class Gateways(Protocol):
    """The other processes that serve the same clients."""

    async def tell(self, user_id: int, *, profile: bool = False) -> None:
        """Have all of them know that somebody has changed something; returns when they do.

        `profile`: it may be their profile. Never raises: with one that cannot be told, what it
        keeps is at most its lifetime old.
        """
        ...


class RecentWrites:
    """When who wrote last, through this gateway or another one; times are `clock`'s seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._written = Moments()
        self._profiles = Moments()
        self._told = Moments()
        self.are_heard = False
        """Whether writes through other gateways are heard of."""

    def note(self, user_id: int, *, profile: bool = False) -> None:
        """Somebody has changed something, their profile perhaps, at this moment."""
        now = self._clock()
        self._written.note(user_id, now)
        if profile:
            self._profiles.note(user_id, now)

    def note_told(self, user_id: int) -> None:
        """Somebody was told of what others have changed, at this moment."""
        self._told.note(user_id, self._clock())

    def hears(self, others: bool) -> None:
        """Say whether writes through other gateways are heard of from now on."""
        self.are_heard = others
        for moments in (self._written, self._profiles):
            moments.forget(self._clock())

    def since(self, user_id: int | None) -> float:
        """An answer to that caller (None: nobody knows who) must not have been begun before this.

        Infinity where writes through other gateways are not heard of: then nothing kept is good.
        """
        return max(self.since_written(user_id), self.since_told(user_id))

    def since_written(self, user_id: int | None) -> float:
        """What shows what that user (None: anybody) has made must be younger than this."""
        return self._written.last(user_id) if self.are_heard else math.inf

    def since_told(self, user_id: int | None) -> float:
        """When that user (None: anybody) was last told of what others have made."""
        return self._told.last(user_id)

    def since_profile(self, user_id: int) -> float:
        """What shows that user's profile must be younger than this."""
        return self._profiles.last(user_id) if self.are_heard else math.inf


class Moments:
    """The last moment of each of many users; where there were too many, the forgotten are one."""

    def __init__(self) -> None:
        self._by_user: OrderedDict[int, float] = OrderedDict()
        self._forgotten = -math.inf
        self._latest = -math.inf

    def note(self, user_id: int, now: float) -> None:
        """This is the last moment of that user."""
        self._latest = self._by_user[user_id] = now
        self._by_user.move_to_end(user_id)
        if len(self._by_user) > _MOST:
            self._forgotten = self._by_user.popitem(last=False)[1]

    def forget(self, now: float) -> None:
        """What was until now is not known of anybody."""
        self._by_user.clear()
        self._forgotten = self._latest = now

    def last(self, user_id: int | None) -> float:
        """The last moment of that user (None: of anybody); minus infinity where there was none."""
        if user_id is None:
            return self._latest
        return self._by_user.get(user_id, self._forgotten)
