"""Where notifications come from and where they went, in PostgreSQL."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from service_kit.database import Connection, Database, Row, columns

from notification_service.domain.facts import POST_APPEARED, Fact
from notification_service.domain.fan_out import Stage
from notification_service.domain.models import Held, Notification
from notification_service.domain.provenance import (
    LONGEST_RUN,
    Cause,
    Consumed,
    Delivery,
    Origin,
    Progress,
    Reason,
    Skipped,
    Traces,
)

# Sorted, so that two consumers that claim the same events wait for each other and never deadlock.
_CLAIM: Final = """
INSERT INTO inbox (consumer, event_id, type, topic, kafka_partition, kafka_offset, committed_at,
                   published_at, actor_id, about_id)
SELECT $1::text, * FROM unnest($2::uuid[], $3::text[], $4::text[], $5::integer[], $6::bigint[],
    $7::timestamptz[], $8::timestamptz[], $9::bigint[], $10::bigint[]) AS event (event_id)
ORDER BY event_id
ON CONFLICT DO NOTHING
RETURNING event_id
"""
_SKIP: Final = """
INSERT INTO skipped (user_id, event_id, reason)
SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::text[])
"""
_EVENT: Final = """
inbox.received_at, inbox.type, inbox.topic, inbox.kafka_partition, inbox.kafka_offset,
inbox.committed_at, inbox.published_at, inbox.actor_id, inbox.about_id
"""
_CAUSE: Final = f"""
SELECT n.event_id, n.held, {_EVENT} FROM notifications AS n
LEFT JOIN inbox ON (inbox.consumer, inbox.event_id) = ($2, n.event_id) WHERE n.id = $1
"""  # noqa: S608
_DELIVERIES: Final = """
SELECT user_id, first_seq, last_seq, connection_id, session_id, carrier, sent_at FROM deliveries
WHERE user_id = $1 AND last_seq BETWEEN $2 AND $2 + $4 AND first_seq <= $2
ORDER BY sent_at LIMIT $3
"""
_TRACES: Final = f"""
SELECT {_EVENT}, n.id, n.withdrawn_at IS NOT NULL AS is_withdrawn, skipped.reason,
       job.stage, job.checkpoint, job.event_id AS cause, cause.type AS cause_type
FROM (SELECT $1::uuid AS event_id, $2::bigint AS user_id, $3::text AS consumer) AS asked
LEFT JOIN inbox USING (consumer, event_id)
LEFT JOIN notifications AS n USING (event_id, user_id)
LEFT JOIN skipped USING (event_id, user_id)
LEFT JOIN fanout_jobs AS job ON inbox.type = '{POST_APPEARED}' AND job.post_id = inbox.about_id
LEFT JOIN inbox AS cause ON (cause.consumer, cause.event_id) = (asked.consumer, job.event_id)
LIMIT 1
"""  # noqa: S608
_NOTE: Final = """
INSERT INTO deliveries (user_id, first_seq, last_seq, connection_id, session_id, carrier, sent_at)
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[],
    $6::text[], $7::timestamptz[])
"""
# Ids grow with time, so the oldest are found without an index of their own.
_FORGET: Final = """
DELETE FROM {table} WHERE id IN (
    SELECT id FROM (SELECT id, noted_at FROM {table} ORDER BY id LIMIT $3) AS oldest
    WHERE noted_at < clock_timestamp() - $1::interval
       OR id <= (SELECT max(id) FROM {table}) - $2::bigint)
"""


class PostgresProvenance:
    """What is kept in one database."""

    def __init__(self, database: Database, consumer: str) -> None:
        """`consumer` is who has claimed the events."""
        self._database = database
        self._consumer = consumer

    async def cause(self, notification: Notification) -> Cause:
        row = await self._database.fetch_row("cause", _CAUSE, notification.id, self._consumer)
        if row is None or row["event_id"] is None:
            return Cause(held=None if row is None else _held(row))
        return Cause(row["event_id"], consumed_from_row(row["event_id"], row), _held(row))

    async def deliveries(self, notification: Notification, limit: int) -> list[Delivery]:
        place = notification.user_id, notification.seq
        rows = await self._database.fetch("deliveries", _DELIVERIES, *place, limit, LONGEST_RUN - 1)
        return [Delivery(**row) for row in rows]

    async def traces(self, event_id: UUID, user_id: int) -> Traces:
        row = await self._database.fetch_row("traces", _TRACES, event_id, user_id, self._consumer)
        if row is None:
            return Traces()
        progress = None
        if row["stage"] is not None:
            is_telling = row["stage"] == Stage.DELIVERING
            progress = Progress(is_telling, row["checkpoint"], row["cause"], row["cause_type"])
        return Traces(
            consumed_from_row(event_id, row),
            row["id"],
            row["is_withdrawn"],
            None if row["reason"] is None else Reason(row["reason"]),
            progress,
        )

    async def note(self, deliveries: Sequence[Delivery]) -> None:
        values = [[getattr(one, name) for one in deliveries] for name in Delivery.__match_args__]
        await self._database.fetch("note_deliveries", _NOTE, *values)


async def claim(connection: Connection, consumer: str, facts: Collection[Fact]) -> set[UUID]:
    """The events of the facts that `consumer` has not seen; where each comes from is kept."""
    rows = ((fact.event_id, *(fact.origin or _NO_ORIGIN), *fact.ids) for fact in facts)
    found = await connection.fetch(_CLAIM, consumer, *columns(rows, 9))
    return {row["event_id"] for row in found}


async def skip(connection: Connection, skipped: Collection[Skipped]) -> None:
    """Note who is not told."""
    if skipped:
        rows = ((one.user_id, one.event_id, one.reason) for one in skipped)
        await connection.execute(_SKIP, *columns(rows, 3))


async def forget(
    connection: Connection, table: str, older_than: timedelta, most: int, limit: int
) -> int:
    """Delete up to `limit` of the oldest rows: what is too old, and what is more than `most`."""
    done = await connection.execute(_FORGET.format(table=table), older_than, most, limit)
    return int(done.rpartition(" ")[2])


def consumed_from_row(event_id: UUID, row: Row) -> Consumed | None:
    """An event with what is known of it; None for one that nobody has taken in, or long ago."""
    if row["received_at"] is None:
        return None
    origin = None
    if row["type"] is not None:
        place = row["type"], row["topic"], row["kafka_partition"], row["kafka_offset"]
        origin = Origin(*place, row["committed_at"], row["published_at"])
    return Consumed(event_id, row["received_at"], origin, row["actor_id"], row["about_id"])


def _held(row: Row) -> Held | None:
    return None if row["held"] is None else Held(row["held"])


_NO_ORIGIN: Final = (None,) * len(Origin._fields)
