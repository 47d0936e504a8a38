"""Inboxes built again from their journal, in one transaction: until its end the old ones stay."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import asyncpg
from service_kit.database import Connection

from notification_service.domain.journal import JournalEntry, Replayed

_CONNECT_SECONDS: Final = 10.0
_LOCK_TIMEOUT: Final = "30s"

# Whoever changes an inbox waits from here on, so what is committed is in the outbox or in Kafka.
_TAKE: Final = "LOCK TABLE inboxes, notifications IN ACCESS EXCLUSIVE MODE"
_STAGE: Final = """
CREATE TEMPORARY TABLE journal (
    kind text, user_id bigint, at timestamptz, notification_id bigint, seq bigint, type text,
    payload text, actor_id bigint, subject text, idempotency_key text, up_to_seq bigint,
    is_archived boolean, version bigint, group_key text, about_id bigint,
    event_id uuid, held text
) ON COMMIT DROP
"""
_UNSENT: Final = """
SELECT type, payload FROM outbox WHERE sent_at IS NULL AND topic = $1 ORDER BY id
"""
_CLOSED: Final = """
CREATE TEMPORARY TABLE closed ON COMMIT DROP AS
SELECT user_id, min(at) AS at FROM (
    SELECT user_id, at FROM journal WHERE kind = 'closed'
    UNION ALL SELECT user_id, closed_at FROM inboxes WHERE closed_at IS NOT NULL
) AS closing GROUP BY user_id
"""
# An event may be there twice, as relays send again what they are not sure of.
_KNOWN: Final = """
CREATE TEMPORARY TABLE known ON COMMIT DROP AS
SELECT DISTINCT ON (notification_id)
    notification_id AS id, user_id, seq, type, payload, actor_id, subject, idempotency_key,
    at AS created_at, NULL::timestamptz AS read_at, NULL::timestamptz AS withdrawn_at,
    NULL::timestamptz AS archived_at, group_key, about_id, event_id, held
FROM journal WHERE kind = 'created' ORDER BY notification_id
"""
_KEEP: Final = """
INSERT INTO known
SELECT id, user_id, seq, type, payload, actor_id, subject, idempotency_key, created_at, read_at,
       withdrawn_at, archived_at, group_key, about_id, event_id, held
FROM notifications AS old
WHERE NOT EXISTS (SELECT FROM known WHERE known.id = old.id)
  AND NOT EXISTS (SELECT FROM known WHERE (known.user_id, known.seq) = (old.user_id, old.seq))
  AND NOT EXISTS (SELECT FROM closed WHERE closed.user_id = old.user_id)
"""
# What is read "up to a seq" is every notification below it: hence the running minimum, downwards.
_STATES: Final = """
CREATE TEMPORARY TABLE states ON COMMIT DROP AS
WITH read_each AS (
    SELECT notification_id AS id, min(at) AS at FROM journal
    WHERE kind = 'read' AND notification_id IS NOT NULL GROUP BY notification_id
), read_through AS (
    SELECT id, min(at) OVER (PARTITION BY user_id ORDER BY seq DESC) AS at
    FROM (
        SELECT id, user_id, seq, NULL::timestamptz AS at FROM known
        UNION ALL
        SELECT NULL, user_id, up_to_seq, at FROM journal
        WHERE kind = 'read' AND up_to_seq IS NOT NULL
    ) AS line
), withdrawn AS (
    SELECT notification_id AS id, min(at) AS at FROM journal
    WHERE kind = 'withdrawn' GROUP BY notification_id
), archived AS (
    SELECT DISTINCT ON (notification_id)
        notification_id AS id, is_archived, CASE WHEN is_archived THEN at END AS at
    FROM journal WHERE kind = 'archived' ORDER BY notification_id, version DESC
)
SELECT known.id, least(known.read_at, read_each.at, read_through.at) AS read_at,
       least(known.withdrawn_at, withdrawn.at) AS withdrawn_at,
       CASE WHEN archived.id IS NULL THEN known.archived_at ELSE archived.at END AS archived_at
FROM known
LEFT JOIN read_each USING (id)
LEFT JOIN read_through USING (id)
LEFT JOIN withdrawn USING (id)
LEFT JOIN archived USING (id)
"""
# Nothing is unread that was withdrawn before, so a reading after it has marked nothing.
_FILL: Final = """
INSERT INTO notifications
    (id, user_id, seq, type, payload, actor_id, subject, idempotency_key, created_at, read_at,
     withdrawn_at, archived_at, group_key, about_id, event_id, held)
OVERRIDING SYSTEM VALUE
SELECT id, user_id, seq, type, CASE WHEN states.withdrawn_at IS NULL THEN payload END, actor_id,
       subject, idempotency_key, created_at,
       CASE WHEN states.withdrawn_at IS NULL OR states.read_at < states.withdrawn_at
            THEN states.read_at END,
       states.withdrawn_at, states.archived_at, group_key, about_id, event_id, held
FROM known JOIN states USING (id)
WHERE user_id NOT IN (SELECT user_id FROM closed) ORDER BY id
"""
# A seq is never given twice and a version never goes back, whatever the journal has forgotten.
_OPEN: Final = """
CREATE TEMPORARY TABLE opened ON COMMIT DROP AS
SELECT user_id, max(last_seq) AS last_seq, max(version) AS version, max(seen_seq) AS seen_seq FROM (
    SELECT user_id, last_seq, version + 1 AS version, seen_seq FROM inboxes
    UNION ALL SELECT user_id, max(seq), count(*), 0 FROM known GROUP BY user_id
    UNION ALL SELECT user_id, 0, 1, 0 FROM closed
    UNION ALL SELECT user_id, max(up_to_seq), max(version), max(up_to_seq) FROM journal
              WHERE kind IN ('seen', 'archived') GROUP BY user_id
) AS found GROUP BY user_id
"""
_COUNT: Final = """
INSERT INTO inboxes
    (user_id, last_seq, live_seq, unread, unseen, total, archived, seen_seq, version, closed_at,
     is_emptied)
SELECT user_id, last_seq, last_seq, coalesce(unread, 0), coalesce(unseen, 0), coalesce(total, 0),
       coalesce(archived, 0), coalesce(seen_seq, 0), version, closed.at, closed.at IS NOT NULL
FROM opened LEFT JOIN closed USING (user_id)
LEFT JOIN (
    SELECT user_id,
           count(*) FILTER (WHERE archived_at IS NULL) AS total,
           count(*) FILTER (WHERE archived_at IS NOT NULL) AS archived,
           count(*) FILTER (WHERE read_at IS NULL) AS unread,
           count(*) FILTER (WHERE read_at IS NULL AND seq > seen_seq) AS unseen
    FROM notifications JOIN opened USING (user_id) WHERE withdrawn_at IS NULL GROUP BY user_id
) AS counted USING (user_id)
ORDER BY user_id
"""
# Ids go on after the largest, also where the table was made anew.
_RAISE_IDS: Final = """
SELECT setval(sequence, greatest(largest, coalesce(pg_sequence_last_value(sequence), 1)))
FROM (SELECT pg_get_serial_sequence('notifications', 'id')::regclass AS sequence,
             max(id) AS largest FROM known) AS found
WHERE largest IS NOT NULL
"""
_TOTALS: Final = """
SELECT (SELECT count(*) FROM inboxes) AS inboxes,
       (SELECT count(*) FROM notifications) AS notifications
"""


class PostgresReplay:
    """The rebuilding of all inboxes of one database; made by `open_replay`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def unsent(self, topic: str) -> list[tuple[str, bytes]]:
        """Type and value of what waits to be sent to a topic; ask before the topic is read."""
        rows = await self._connection.fetch(_UNSENT, topic)
        return [(row["type"], row["payload"]) for row in rows]

    async def add(self, entries: Sequence[JournalEntry]) -> None:
        """Take facts in; in any order, and any number of times."""
        await self._connection.copy_records_to_table("journal", records=entries)

    async def finish(self, *, exact: bool) -> Replayed:
        """Put what was taken in in the place of what the inboxes hold.

        With `exact`, what the journal does not know goes; else it stays as it is.
        """
        execute = self._connection.execute
        for statement in ("ANALYZE journal", _CLOSED, _KNOWN):
            await execute(statement)
        kept = 0 if exact else int((await execute(_KEEP)).rpartition(" ")[2])
        for statement in ("ANALYZE known", _STATES, _OPEN):
            await execute(statement)
        # Not TRUNCATE: a query that waits since before would find nothing at all.
        await execute(
            "DELETE FROM notifications; DELETE FROM inboxes;"
            "DELETE FROM notification_groups; DELETE FROM notification_group_actors"
        )
        for statement in (_FILL, _COUNT, _RAISE_IDS):
            await execute(statement)
        (totals,) = await self._connection.fetch(_TOTALS)
        return Replayed(totals["inboxes"], totals["notifications"], kept)


@asynccontextmanager
async def open_replay(url: str) -> AsyncIterator[PostgresReplay]:
    """A transaction that holds all inboxes; it commits on a clean exit, else nothing has changed.

    Raises asyncpg's `LockNotAvailableError` where somebody does not let go of them.
    """
    connection = await asyncpg.connect(
        url,
        timeout=_CONNECT_SECONDS,
        server_settings={
            "application_name": "notification-service replay",
            "lock_timeout": _LOCK_TIMEOUT,
            "statement_timeout": "0",
        },
    )
    try:
        async with connection.transaction():
            await connection.execute(_TAKE)
            await connection.execute(_STAGE)
            yield PostgresReplay(connection)
    finally:
        await connection.close()
