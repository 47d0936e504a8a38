"""Whose data has changed, by whatever way, as the service that has it tells."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

LONGEST_SECONDS: Final = 300.0
"""Nothing is kept for longer, whoever confirms it."""
_MOST: Final = 50_000
"""Users whose changes are remembered; what was read before an earlier one is not confirmed."""
SILENCE_SECONDS: Final = 0.8
"""Without an answer to a question younger than this nothing is confirmed."""
_SETTLING_SECONDS: Final = 0.3
"""What is read just after a change may come from a cache that has not heard of it yet."""


@dataclass(frozen=True, slots=True)
class Changed:
    """Whose data has changed since a cursor, and the next cursor.

    With `is_reset` that is not known: the cursor was too old, or of another database.
    """

    user_ids: tuple[int, ...]
    cursor: str
    is_reset: bool = False


class ChangeFeed(Protocol):
    """The changes that one service has committed."""

    async def since(self, cursor: str) -> Changed:
        """What has changed since an earlier answer; with an empty cursor only the next one.

        Everything that was committed before the question is in this answer or an earlier one.
        """
        ...


class KnownChanges:
    """What a feed has told, as long as it goes on telling; times are `clock`'s seconds."""

    def __init__(self, feed: ChangeFeed, clock: Callable[[], float] = time.monotonic) -> None:
        self._feed = feed
        self._clock = clock
        self._cursor = ""
        self._known_from = math.inf
        self._asked = -math.inf
        self._heard: OrderedDict[int, float] = OrderedDict()

    def confirm(self, user_id: int, begun: float) -> bool:
        """Whether what began to be read then is what one would read of that user a moment ago.

        A moment is less than a second: a change is heard of by the next answer, and without one
        nothing is confirmed.
        """
        now = self._clock()
        return (
            self._asked > now - SILENCE_SECONDS
            and begun > now - LONGEST_SECONDS
            and begun > self._known_from
            and begun > self._heard.get(user_id, -math.inf) + _SETTLING_SECONDS
        )

    async def read(self) -> None:
        """Ask; to be called several times in `SILENCE_SECONDS`.

        Raises what the feed raises; what was known before stays known.
        """
        asked = self._clock()
        changed = await self._feed.since(self._cursor)
        now = self._clock()
        if changed.is_reset or not self._cursor:
            self._known_from = now
            self._heard.clear()
        for user_id in changed.user_ids:
            self._heard[user_id] = now
            self._heard.move_to_end(user_id)
        self._cursor, self._asked = changed.cursor, asked
        self._forget(now - LONGEST_SECONDS)

    def _forget(self, before: float) -> None:
        """What was heard of earlier concerns nothing that is kept; nor may it, of too many."""
        while self._heard and next(iter(self._heard.values())) < before:
            self._heard.popitem(last=False)
        while len(self._heard) > _MOST:
            _, heard = self._heard.popitem(last=False)
            self._known_from = max(self._known_from, heard + _SETTLING_SECONDS)
