"""Posts that are heard of at the same time, taken in together."""

import asyncio
from collections.abc import Sequence
from typing import Final

from service_kit.batching import Loader
from service_kit.events.consumer import AT_ONCE

from notification_service.application.publication import Posts, Publication
from notification_service.application.reactions import Effects
from notification_service.domain.errors import Unavailable
from notification_service.domain.facts import Fact, PostPublished

_MOST_BATCHES: Final = 64


class PostsTogether:
    """Effects of batches of events, each of one partition.

    Batches of posts that come together, or while others are being told, share a transaction; where
    that fails for any of `failures`, each is left to `others`, as everything else is.
    """

    def __init__(
        self, publication: Publication, others: Effects, failures: tuple[type[Exception], ...]
    ) -> None:
        self._others = others
        self._few = asyncio.Semaphore(AT_ONCE)
        self._failures = failures
        self._posts: Loader[Posts, Posts] = Loader(
            publication.apply, _MOST_BATCHES, max_in_flight=1
        )

    async def apply(self, facts: Sequence[Fact]) -> Sequence[Fact]:
        """See `Effects`."""
        posts = tuple(fact for fact in facts if isinstance(fact, PostPublished))
        if len(posts) < len(facts):
            return await self._apply_others(facts)
        try:
            return await self._posts.load(posts) or ()
        except Unavailable:  # a database that is away
            raise
        except self._failures:
            return await self._apply_others(facts)

    async def _apply_others(self, facts: Sequence[Fact]) -> Sequence[Fact]:
        async with self._few:
            return await self._others.apply(facts)
