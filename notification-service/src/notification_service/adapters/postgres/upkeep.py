"""Deleting from PostgreSQL what nobody will ask for any more, within a transaction."""

from datetime import timedelta
from typing import Final

from service_kit import inbox
from service_kit.database import Connection

from notification_service.adapters.postgres.inbox_states import STATE
from notification_service.adapters.postgres.provenance import forget
from notification_service.domain.events import UnreadChanged
from notification_service.domain.models import InboxState

# In the order of user ids, as whoever changes many inboxes locks them.
_LOCK: Final = """
SELECT FROM inboxes WHERE user_id = ANY($1::bigint[]) ORDER BY user_id FOR UPDATE
"""
_TO_EMPTY: Final = """
SELECT user_id FROM inboxes WHERE closed_at IS NOT NULL AND NOT is_emptied
ORDER BY user_id LIMIT 1 FOR UPDATE SKIP LOCKED
"""
_EMPTY: Final = """
DELETE FROM notifications
WHERE id IN (SELECT id FROM notifications WHERE user_id = $1 ORDER BY seq LIMIT $2)
"""
# Ids grow with time, so the oldest are found without an index of their own.
_OLDEST: Final = """
SELECT id, user_id
FROM (SELECT id, user_id, created_at FROM notifications ORDER BY id LIMIT $2) AS oldest
WHERE created_at < clock_timestamp() - $1::interval
"""
_EXPIRE: Final = f"""
WITH gone AS (
    DELETE FROM notifications WHERE id = ANY($1::bigint[])
    RETURNING user_id, seq, withdrawn_at IS NULL AND archived_at IS NULL AS is_shown,
              withdrawn_at IS NULL AND archived_at IS NOT NULL AS is_archived,
              withdrawn_at IS NULL AND read_at IS NULL AS is_unread
), counted AS (
    SELECT user_id, count(*) FILTER (WHERE is_shown) AS shown,
           count(*) FILTER (WHERE is_archived) AS archived,
           count(*) FILTER (WHERE is_unread) AS unread,
           count(*) FILTER (WHERE is_unread AND seq > seen_seq) AS unseen
    FROM gone JOIN inboxes USING (user_id) GROUP BY user_id
)
UPDATE inboxes AS inbox
SET unread = inbox.unread - counted.unread, unseen = inbox.unseen - counted.unseen,
    total = total - shown, archived = inbox.archived - counted.archived, version = version + 1
FROM counted
WHERE inbox.user_id = counted.user_id AND shown + counted.archived > 0 AND closed_at IS NULL
RETURNING {STATE}
"""  # noqa: S608
_FORGET_WITHDRAWN: Final = """
DELETE FROM notifications WHERE id IN (
    SELECT id FROM notifications WHERE withdrawn_at < clock_timestamp() - $1::interval
    ORDER BY withdrawn_at LIMIT $2)
"""
_FORGET_DONE: Final = """
DELETE FROM fanout_jobs WHERE post_id IN (
    SELECT post_id FROM fanout_jobs
    WHERE stage = 'done' AND due_at < clock_timestamp() - $1::interval
    ORDER BY due_at LIMIT $2)
"""


_FORGET_GROUPS: Final = """
DELETE FROM notification_groups WHERE (user_id, group_key, day) IN (
    SELECT user_id, group_key, day FROM notification_groups
    WHERE size = 0 AND day < (clock_timestamp() - $1::interval - interval '1 day')::date LIMIT $2)
"""
_FORGET_ACTORS: Final = """
DELETE FROM notification_group_actors AS actor USING unnest($1::bigint[]) AS gone (user_id)
WHERE actor.user_id = gone.user_id AND shown = 0
"""
_FORGET_WISHES: Final = "DELETE FROM preferences WHERE user_id = $1"
_FORGET_MUTES: Final = "DELETE FROM mutes WHERE user_id = $1 OR author_id = $1"


_OF_ONE_PERSON: Final = (
    "notification_groups",
    "notification_group_actors",
    "skipped",
    "deliveries",
)


class PostgresRemains:
    """What one transaction deletes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def empty_closed(self, limit: int) -> bool:
        user_id = await self._connection.fetchval(_TO_EMPTY)
        if user_id is None:
            return False
        if _affected(await self._connection.execute(_EMPTY, user_id, limit)) < limit:
            for table in _OF_ONE_PERSON:
                await self._connection.execute(f"DELETE FROM {table} WHERE user_id = $1", user_id)  # noqa: S608
            await self._connection.execute(_FORGET_WISHES, user_id)
            await self._connection.execute(_FORGET_MUTES, user_id)
            await self._connection.execute(
                "UPDATE inboxes SET is_emptied = true WHERE user_id = $1", user_id
            )
        return True

    async def expire(self, older_than: timedelta, limit: int) -> tuple[int, list[UnreadChanged]]:
        oldest = await self._connection.fetch(_OLDEST, older_than, limit)
        await self._connection.execute(_LOCK, [row["user_id"] for row in oldest])
        rows = await self._connection.fetch(_EXPIRE, [row["id"] for row in oldest])
        user_ids = list({row["user_id"] for row in oldest})
        await self._connection.execute(_FORGET_ACTORS, user_ids)
        return len(oldest), [UnreadChanged(InboxState(**row)) for row in rows]

    async def forget_withdrawn(self, older_than: timedelta, limit: int) -> int:
        done = await self._connection.execute(_FORGET_WITHDRAWN, older_than, limit)
        await self._connection.execute(_FORGET_GROUPS, older_than, limit)
        return _affected(done)

    async def forget_jobs(self, older_than: timedelta, limit: int) -> int:
        return _affected(await self._connection.execute(_FORGET_DONE, older_than, limit))

    async def forget_skipped(self, older_than: timedelta, most: int, limit: int) -> int:
        return await forget(self._connection, "skipped", older_than, most, limit)

    async def forget_deliveries(self, older_than: timedelta, most: int, limit: int) -> int:
        return await forget(self._connection, "deliveries", older_than, most, limit)

    async def forget_claims(self, older_than: timedelta, limit: int) -> int:
        return await inbox.prune(self._connection, older_than, limit)


def _affected(done: str) -> int:
    return int(done.rpartition(" ")[2])
