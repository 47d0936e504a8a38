"""Who has changed something lately: what they read next must be younger than that."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Protocol

_MOST: Final = 20_000
"""Writers that are remembered; where there were more, the forgotten ones count as one."""


class Gateways(Protocol):
    """The other processes that serve the same clients."""

    async def tell(self, user_id: int) -> None:
        """Have all of them know that somebody has changed something; returns when they do.

        Never raises: with one that cannot be told, what it keeps is at most its lifetime old.
        """
        ...


class RecentWrites:
    """When whom wrote last, through this gateway or another one; times are `clock`'s seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._by_user: OrderedDict[int, float] = OrderedDict()
        self._forgotten = -math.inf
        self._latest = -math.inf
        self._hears = False

    def note(self, user_id: int) -> None:
        """Somebody has changed something, or was told of a change, at this moment."""
        self._latest = self._by_user[user_id] = self._clock()
        self._by_user.move_to_end(user_id)
        if len(self._by_user) > _MOST:
            self._forgotten = self._by_user.popitem(last=False)[1]

    def hears(self, others: bool) -> None:
        """Say whether writes through other gateways are heard of from now on."""
        self._hears = others
        self._forgotten = self._latest = self._clock()

    def since(self, user_id: int | None) -> float:
        """An answer to that caller (None: nobody knows who) must not have been begun before this.

        Infinity where writes through other gateways are not heard of: then nothing kept is good.
        """
        if not self._hears:
            return math.inf
        if user_id is None:
            return self._latest
        return self._by_user.get(user_id, self._forgotten)
