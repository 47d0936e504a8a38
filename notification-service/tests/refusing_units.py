"""Units of work that fail where a test wants it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from service_kit.errors import Unavailable

from notification_service.domain.errors import AlreadySent
from notification_service.domain.events import NotificationCreated
from notification_service.domain.facts import post_subject
from notification_service.domain.models import Draft
from tests.fakes import InMemoryStore
from tests.unit_of_work import InMemoryUnit


class RefusingUnits:
    """Counts the units that are begun; those that tell of one of the `refused` posts fail."""

    def __init__(self, store: InMemoryStore) -> None:
        self.begun = 0
        self.are_away = False
        self.refused: set[int] = set()
        self._store = store

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[InMemoryUnit]:
        self.begun += 1
        if self.are_away:
            raise Unavailable
        async with self._store.begin():
            unit = _Refusing(self._store.tables)
            unit.refused = set(map(post_subject, self.refused))
            yield unit


class _Refusing(InMemoryUnit):
    refused: set[str]

    async def deliver(self, drafts: Sequence[Draft]) -> list[NotificationCreated]:
        if any(draft.content.subject in self.refused for draft in drafts):
            raise AlreadySent
        return await super().deliver(drafts)
