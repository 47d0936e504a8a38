"""Changes of inboxes in PostgreSQL, within a transaction."""

from collections.abc import Collection, Sequence
from typing import Final

from service_kit.database import Connection, Row, columns, refusals

from notification_service.adapters.postgres.inbox_states import (
    HOLD,
    IS_UNREAD,
    STATE,
    state_from_row,
)
from notification_service.domain.errors import AlreadySent
from notification_service.domain.events import (
    NotificationCreated,
    NotificationWithdrawn,
    UnreadChanged,
)
from notification_service.domain.groups import membership
from notification_service.domain.models import Content, Draft, InboxState, Notification, Target

_MEANINGS: Final = {"notifications_idempotency_key": AlreadySent}

# Rows are locked in the order of user ids, here and in every statement that takes many users.
_LOCK: Final = """
INSERT INTO inboxes AS inbox (user_id)
SELECT user_id FROM unnest($1::bigint[]) AS user_id ORDER BY user_id
ON CONFLICT (user_id) DO UPDATE SET version = inbox.version
"""
_DELIVER: Final = """
WITH content AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::bigint[],
                         $7::uuid[])
        WITH ORDINALITY
        AS content (type, payload, actor_id, subject, group_key, about_id, event_id, number)
), draft AS (
    SELECT user_id, number, key, held, position,
           row_number() OVER (PARTITION BY user_id ORDER BY position) AS nth,
           count(*) OVER (PARTITION BY user_id) AS many
    FROM unnest($8::bigint[], $9::bigint[], $10::text[], $11::text[])
        WITH ORDINALITY AS draft (user_id, number, key, held, position)
), raised AS (
    INSERT INTO inboxes AS inbox (user_id, last_seq, unread, unseen, total, version, live_seq)
    SELECT user_id, count(*), count(*), count(*), count(*), 1,
           coalesce(max(nth) FILTER (WHERE held IS DISTINCT FROM 'live_off'), 0)
    FROM draft GROUP BY user_id ORDER BY user_id
    ON CONFLICT (user_id) DO UPDATE SET
        last_seq = inbox.last_seq + excluded.last_seq,
        unread = inbox.unread + excluded.unread,
        unseen = inbox.unseen + excluded.unseen,
        total = inbox.total + excluded.total,
        version = inbox.version + 1,
        live_seq = CASE WHEN excluded.live_seq > 0 THEN inbox.last_seq + excluded.live_seq
                        ELSE inbox.live_seq END
    WHERE inbox.closed_at IS NULL
    RETURNING *
), stored AS (
    INSERT INTO notifications
        (user_id, seq, type, payload, actor_id, subject, idempotency_key, group_key, about_id,
         event_id, held, created_at)
    SELECT user_id, last_seq - many + nth, type, payload, actor_id, subject, key, group_key,
           about_id, event_id, held, (SELECT clock_timestamp())
    FROM draft JOIN raised USING (user_id) JOIN content USING (number)
    RETURNING id, user_id, seq, created_at
)
SELECT stored.id, stored.seq, stored.created_at, draft.position,
       raised.user_id, raised.last_seq, raised.unread, raised.total, raised.version, raised.unseen,
       raised.seen_seq, raised.archived, raised.live_seq
FROM stored JOIN raised USING (user_id)
JOIN draft ON draft.user_id = stored.user_id
          AND draft.nth = stored.seq - raised.last_seq + draft.many
ORDER BY draft.position
"""
_REMOVE: Final = f"""
WITH removed AS (
    UPDATE notifications SET withdrawn_at = clock_timestamp(), payload = NULL
    WHERE id = $1 AND withdrawn_at IS NULL
    RETURNING id, user_id, seq, (read_at IS NULL)::int AS unread,
              (archived_at IS NOT NULL)::int AS archived, withdrawn_at
)
UPDATE inboxes AS inbox SET
    unread = inbox.unread - removed.unread,
    unseen = unseen - CASE WHEN removed.seq > seen_seq THEN removed.unread ELSE 0 END,
    total = total - 1 + removed.archived,
    archived = inbox.archived - removed.archived,
    version = version + 1
FROM removed WHERE inbox.user_id = removed.user_id
RETURNING {STATE}, removed.id, removed.seq, removed.withdrawn_at
"""  # noqa: S608
_HOLDERS: Final = f"""
SELECT DISTINCT user_id FROM notifications
WHERE subject = $1 AND user_id > $2 AND {IS_UNREAD} ORDER BY user_id LIMIT $3
"""  # noqa: S608
_WITHDRAW: Final = f"""
WITH withdrawn AS (
    UPDATE notifications AS n SET withdrawn_at = clock_timestamp(), payload = NULL
    FROM unnest($1::bigint[], $2::text[]) AS target (user_id, subject)
    WHERE n.user_id = target.user_id AND n.subject = target.subject AND {IS_UNREAD}
    RETURNING n.id, n.user_id, n.seq, n.withdrawn_at
), inbox AS (
    UPDATE inboxes AS i
    SET unread = unread - counted.count, unseen = i.unseen - counted.unseen,
        total = total - counted.count, version = version + 1
    FROM (
        SELECT user_id, count(*) AS count, count(*) FILTER (WHERE seq > seen_seq) AS unseen
        FROM withdrawn JOIN inboxes USING (user_id) GROUP BY user_id
    ) AS counted
    WHERE i.user_id = counted.user_id AND i.closed_at IS NULL
    RETURNING i.*
)
SELECT {STATE}, withdrawn.id, withdrawn.seq, withdrawn.withdrawn_at
FROM withdrawn JOIN inbox USING (user_id) ORDER BY inbox.user_id, withdrawn.seq
"""  # noqa: S608
_CLOSE: Final = f"""
INSERT INTO inboxes AS inbox (user_id, version, closed_at)
SELECT user_id, 1, clock_timestamp() FROM unnest($1::bigint[]) AS user_id ORDER BY user_id
ON CONFLICT (user_id) DO UPDATE SET
    unread = 0, unseen = 0, total = 0, archived = 0, version = inbox.version + 1,
    closed_at = excluded.closed_at
WHERE inbox.closed_at IS NULL
RETURNING {STATE}
"""  # noqa: S608


class PostgresInboxChanges:
    """What one transaction does to inboxes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def lock(self, user_ids: Collection[int]) -> None:
        if user_ids:
            await self._connection.execute(_LOCK, list(set(user_ids)))

    async def deliver(self, drafts: Sequence[Draft]) -> list[NotificationCreated]:
        if not drafts:
            return []
        numbers: dict[int, int] = {}
        number_of = [numbers.setdefault(id(one.content), len(numbers) + 1) for one in drafts]
        distinct = {id(one.content): one.content for one in drafts}
        recipients = (
            [one.user_id for one in drafts],
            number_of,
            [one.idempotency_key for one in drafts],
            [one.held for one in drafts],
        )
        contents = columns(map(_content_to_row, distinct.values()), 7)
        with refusals(_MEANINGS):
            rows = await self._connection.fetch(_DELIVER, *contents, *recipients)
        return [_created(row, drafts[row["position"] - 1]) for row in rows]

    async def remove(self, notification: Notification) -> NotificationWithdrawn | None:
        if await self._connection.fetchval(HOLD, notification.user_id) is None:
            return None
        row = await self._connection.fetchrow(_REMOVE, notification.id)
        if row is None:
            return None
        return _withdrawn(row)

    async def holders(self, subject: str, after_id: int, limit: int) -> list[int]:
        rows = await self._connection.fetch(_HOLDERS, subject, after_id, limit)
        return [row["user_id"] for row in rows]

    async def withdraw(self, targets: Collection[Target]) -> list[NotificationWithdrawn]:
        if not targets:
            return []
        pairs = columns(((target.user_id, target.subject) for target in targets), 2)
        rows = await self._connection.fetch(_WITHDRAW, *pairs)
        return [_withdrawn(row) for row in rows]

    async def close(self, user_ids: Collection[int]) -> list[UnreadChanged]:
        if not user_ids:
            return []
        rows = await self._connection.fetch(_CLOSE, list(set(user_ids)))
        return [UnreadChanged(state_from_row(row)) for row in rows]


def _content_to_row(content: Content) -> tuple[object, ...]:
    payload = None if content.payload is None else content.payload.decode()
    group = membership(content.type, content.actor_id, content.subject, content.payload)
    return (
        *(content.type, payload, content.actor_id, content.subject),
        *(group.key, group.about_id, content.event_id),
    )


def _created(row: Row, draft: Draft) -> NotificationCreated:
    """What came of a draft; the state of the inbox is the one before later ones of its unit."""
    id_, seq, created_at, _, user_id, last_seq, *counts = row
    unread, total, version, unseen, seen_seq, archived, live_seq = counts
    content = draft.content
    later = last_seq - seq
    return NotificationCreated(
        Notification(
            *(id_, user_id, seq, content.type, content.payload, content.actor_id, created_at)
        ),
        InboxState(
            *(user_id, seq, unread - later, total - later, version, unseen - later),
            *(seen_seq, archived, live_seq),
        ),
        draft.traceparent,
        content.subject,
        draft.idempotency_key,
        content.event_id,
        draft.held,
    )


def _withdrawn(row: Row) -> NotificationWithdrawn:
    return NotificationWithdrawn(row["id"], row["seq"], state_from_row(row), row["withdrawn_at"])
