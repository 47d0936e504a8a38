"""Profiles that stand beside what is listed, kept while nobody has changed them."""

import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from typing import Final

from service_kit import metrics

from api_gateway.application.changes import KnownChanges
from api_gateway.application.posts import Authors
from api_gateway.application.recent_writes import RecentWrites
from api_gateway.domain.user import UserView

_MOST: Final = 10_000


class KnownAuthors:
    """`Authors` that are asked for only where a change of theirs may have been missed.

    What was changed through a gateway is never shown as it was before that; what was changed
    otherwise, within a second. Who is not found is not remembered.
    """

    def __init__(
        self,
        authors: Authors,
        writes: RecentWrites,
        changes: KnownChanges,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._authors = authors
        self._writes = writes
        self._changes = changes
        self._clock = clock
        self._kept: OrderedDict[int, tuple[float, UserView]] = OrderedDict()
        self._hits = metrics.CACHE_REQUESTS.labels("gateway_profiles", "hit")
        self._misses = metrics.CACHE_REQUESTS.labels("gateway_profiles", "miss")

    async def get(self, user_id: int) -> UserView | None:
        known = self._find(user_id)
        if known is not None:
            return known
        begun = self._clock()
        found = await self._authors.get(user_id)
        if found is not None:
            self._keep(begun, found)
        return found

    async def get_many(self, user_ids: Collection[int]) -> dict[int, UserView]:
        found = {}
        for user_id in user_ids:
            if (known := self._find(user_id)) is not None:
                found[user_id] = known
        if missing := [user_id for user_id in user_ids if user_id not in found]:
            begun = self._clock()
            fetched = await self._authors.get_many(missing)
            for user in fetched.values():
                self._keep(begun, user)
            found.update(fetched)
        return found

    def _find(self, user_id: int) -> UserView | None:
        begun, known = self._kept.get(user_id, (0.0, None))
        if (
            known is None
            or begun <= self._writes.since_profile(user_id)
            or not self._changes.confirm(user_id, begun)
        ):
            self._misses.inc()
            return None
        self._hits.inc()
        self._kept.move_to_end(user_id)
        return known

    def _keep(self, begun: float, user: UserView) -> None:
        earlier, _ = self._kept.get(user.id, (begun, user))
        if begun >= earlier:
            self._kept[user.id] = (begun, user)
            self._kept.move_to_end(user.id)
        if len(self._kept) > _MOST:
            self._kept.popitem(last=False)
