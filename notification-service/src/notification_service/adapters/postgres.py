"""Inboxes in PostgreSQL: reading them, and the transactions that change them."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from service_kit import metrics
from service_kit.database import Connection, Database, Row
from service_kit.outbox import OutboxRecord
from service_kit.unit_of_work import Emit, unit_of_work

from notification_service.adapters.postgres_groups import read_groups
from notification_service.adapters.postgres_provenance import claim, skip
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
from notification_service.domain.groups import GroupPage, GroupWindow
from notification_service.domain.models import FeedPage, InboxState, Missed, Notification, Window
from notification_service.domain.provenance import Skipped

CONSUMER: Final = "notification-service"
_KNOWN_TYPES: Final = frozenset({FOLLOW_CREATED, POST_CREATED})
_MOST_BYTES: Final = 4 * 1024 * 1024
"""Of payload in one answer: half of the largest gRPC message."""

_NEWEST: Final = 2**63 - 1
"""No seq is as large."""

_COLUMNS: Final = """
id, user_id, seq, type, payload, actor_id, created_at, archived_at,
read_at IS NOT NULL AS is_read, withdrawn_at IS NOT NULL AS is_withdrawn
"""
_STATE: Final = """
inbox.last_seq, inbox.unread, inbox.total, inbox.version, inbox.unseen, inbox.seen_seq,
inbox.archived, inbox.live_seq
"""
_GET: Final = f"""
SELECT {_COLUMNS} FROM notifications AS n
WHERE id = $1 AND withdrawn_at IS NULL
  AND NOT EXISTS (SELECT FROM inboxes WHERE user_id = n.user_id AND closed_at IS NOT NULL)
"""  # noqa: S608
_SENT_AS: Final = """
SELECT id FROM notifications
WHERE coalesce(actor_id, 0) = coalesce($1::bigint, 0) AND idempotency_key = $2
"""
_FEED: Final = f"""
SELECT inbox.{{counted}} AS feed_total, n.*
FROM inboxes AS inbox LEFT JOIN LATERAL (
    SELECT {_COLUMNS} FROM notifications
    WHERE user_id = inbox.user_id AND seq < $2 AND withdrawn_at IS NULL {{condition}}
    ORDER BY seq DESC OFFSET $3 LIMIT $4
) AS n ON true
WHERE inbox.user_id = $1 AND inbox.closed_at IS NULL
ORDER BY n.seq DESC
"""  # noqa: S608
_SINCE: Final = f"""
SELECT {_STATE}, n.* FROM inboxes AS inbox LEFT JOIN LATERAL (
    SELECT {_COLUMNS}, sum(size) OVER (ORDER BY seq) - size AS size_before
    FROM (
        SELECT *, coalesce(octet_length(payload), 0) AS size FROM notifications
        WHERE user_id = inbox.user_id AND seq > $2 ORDER BY seq LIMIT $3
    ) AS next
) AS n ON n.size_before < $4
WHERE inbox.user_id = $1 AND inbox.closed_at IS NULL
ORDER BY n.seq
"""  # noqa: S608
_STATES: Final = f"""
SELECT asked.user_id, {_STATE}
FROM unnest($1::bigint[]) WITH ORDINALITY AS asked (user_id, position)
LEFT JOIN inboxes AS inbox USING (user_id) ORDER BY position
"""  # noqa: S608


class PostgresInboxes:
    """The inboxes of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, notification_id: int) -> Notification | None:
        row = await self._database.fetch_row("notification_by_id", _GET, notification_id)
        return None if row is None else notification_from_row(row)

    async def sent_as(self, actor_id: int | None, idempotency_key: str) -> int | None:
        row = await self._database.fetch_row(
            "notification_by_key", _SENT_AS, actor_id, idempotency_key
        )
        return None if row is None else row["id"]

    async def feed(self, user_id: int, window: Window) -> FeedPage:
        condition, counted = _part_of(window)
        sql = _FEED.format(condition=condition, counted=counted)
        before = _NEWEST if window.before is None else window.before
        rows = await self._database.fetch(
            "feed", sql, user_id, before, window.offset, window.limit + 1
        )
        found = [notification_from_row(row) for row in rows if row["id"] is not None]
        return FeedPage(
            notifications=tuple(found[: window.limit]),
            total=rows[0]["feed_total"] if rows else 0,
            has_more=len(found) > window.limit,
        )

    async def groups(self, user_id: int, window: GroupWindow) -> GroupPage:
        return await read_groups(self._database, user_id, window)

    async def since(self, user_id: int, after_seq: int, limit: int) -> Missed:
        rows = await self._database.fetch("since", _SINCE, user_id, after_seq, limit, _MOST_BYTES)
        found = tuple(notification_from_row(row) for row in rows if row["id"] is not None)
        state = state_from_row(user_id, rows[0]) if rows else InboxState(user_id)
        return Missed(after_seq, found, state)

    async def states(self, user_ids: Sequence[int]) -> list[InboxState]:
        rows = await self._database.fetch("inbox_states", _STATES, user_ids)
        return [state_from_row(row["user_id"], row) for row in rows]


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


def notification_from_row(row: Row) -> Notification:
    """A row of `notifications` as a notification."""
    payload = row["payload"]
    return Notification(
        id=row["id"],
        user_id=row["user_id"],
        seq=row["seq"],
        type=row["type"],
        payload=None if payload is None else payload.encode(),
        actor_id=row["actor_id"],
        created_at=row["created_at"],
        is_read=row["is_read"],
        is_withdrawn=row["is_withdrawn"],
        archived_at=row["archived_at"],
    )


def state_from_row(user_id: int, row: Row) -> InboxState:
    """A row of `inboxes` as a state; one without values stands for an inbox never used."""
    names = [name for name in InboxState.__match_args__ if name != "user_id"]
    return InboxState(user_id, **{name: row[name] or 0 for name in names})


def _part_of(window: Window) -> tuple[str, str]:
    """The condition of a feed, and the column of the inbox that counts what meets it."""
    if window.is_archived:
        if window.unread_only:
            return "AND false", "archived * 0"  # to archive is to read
        return "AND archived_at IS NOT NULL", "archived"
    if window.unread_only:
        return "AND read_at IS NULL", "unread"
    return "AND archived_at IS NULL", "total"


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
