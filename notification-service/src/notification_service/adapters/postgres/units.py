"""The transactions that change inboxes, and what is told of them."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from service_kit import metrics
from service_kit.database import Connection, Database
from service_kit.outbox import OutboxRecord
from service_kit.unit_of_work import Emit, unit_of_work

from notification_service.adapters.postgres.provenance import claim, skip
from notification_service.application.live import Hub, Turn
from notification_service.application.units import (
    InboxChanges,
    JobChanges,
    Marks,
    PreferenceChanges,
    Remains,
    UnitOfWork,
)
from notification_service.domain.events import Event, NotificationCreated
from notification_service.domain.facts import FOLLOW_CREATED, POST_CREATED, Fact
from notification_service.domain.provenance import Skipped

CONSUMER: Final = "notification-service"
_KNOWN_TYPES: Final = frozenset({FOLLOW_CREATED, POST_CREATED})


@dataclass(frozen=True, slots=True)
class Changes:
    """What can be done in a transaction."""

    inboxes: InboxChanges
    marks: Marks
    preferences: PreferenceChanges
    jobs: JobChanges
    remains: Remains


class PostgresUnits:
    """Units of work over one database.

    `changes` gives what changes inboxes and jobs on a connection and deletes there, `to_record` the
    outbox row of an event. What is committed goes to the `hub`, in the order of commits.
    """

    def __init__(
        self,
        database: Database,
        changes: Callable[[Connection], Changes],
        to_record: Callable[[Event], OutboxRecord | None],
        wake: Callable[[], None],
        hub: Hub,
    ) -> None:
        self._database = database
        self._changes = changes
        self._to_record = to_record
        self._wake = wake
        self._hub = hub

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[UnitOfWork]:
        turns: list[Turn] = []
        is_committed = False
        try:
            async with unit_of_work(self._database, self._wake) as (connection, emit):

                def announce(events: Sequence[Event]) -> None:
                    turns.append(self._hub.take_turn(events))
                    self._record(events, emit)

                yield PostgresUnit(connection, self._changes(connection), announce)
            is_committed = True
        finally:
            for turn in turns:
                self._hub.settle(turn, is_committed=is_committed)
        _count(turns)

    def _record(self, events: Sequence[Event], emit: Emit) -> None:
        for record in map(self._to_record, events):
            if record is not None:
                emit(record)


class PostgresUnit:
    """One transaction on inboxes and jobs."""

    def __init__(
        self,
        connection: Connection,
        changes: Changes,
        announce: Callable[[Sequence[Event]], None],
    ) -> None:
        self._connection = connection
        self._announce = announce
        self.inboxes = changes.inboxes
        self.marks = changes.marks
        self.preferences = changes.preferences
        self.jobs = changes.jobs
        self.remains = changes.remains

    async def claim(self, facts: Collection[Fact]) -> set[UUID]:
        return await claim(self._connection, CONSUMER, facts)

    async def skip(self, skipped: Collection[Skipped]) -> None:
        await skip(self._connection, skipped)

    def emit(self, events: Sequence[Event]) -> None:
        if events:
            self._announce(events)


def _count(turns: Sequence[Turn]) -> None:
    types = Counter(
        event.notification.type if event.notification.type in _KNOWN_TYPES else "custom"
        for turn in turns
        for events in turn.events.values()
        for event in events
        if isinstance(event, NotificationCreated)
    )
    for name, count in types.items():
        metrics.NOTIFICATIONS.labels(name).inc(count)
