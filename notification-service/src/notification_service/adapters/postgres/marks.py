"""What is read, seen and archived, in PostgreSQL, within a transaction."""

from typing import Final

from service_kit.database import Connection

from notification_service.adapters.postgres.inbox_states import (
    HOLD,
    IS_UNREAD,
    STATE,
    state_from_row,
)
from notification_service.domain.events import (
    NotificationArchived,
    NotificationsRead,
    NotificationsSeen,
)
from notification_service.domain.models import Notification

_MARK_READ: Final = f"""
WITH marked AS (
    UPDATE notifications SET read_at = clock_timestamp() WHERE id = $1 AND {IS_UNREAD}
    RETURNING user_id, seq, read_at
)
UPDATE inboxes AS inbox
SET unread = unread - 1, unseen = unseen - (marked.seq > seen_seq)::int, version = version + 1
FROM marked WHERE inbox.user_id = marked.user_id
RETURNING {STATE}, marked.read_at
"""  # noqa: S608
_MARK_ALL_READ: Final = f"""
WITH marked AS (
    UPDATE notifications SET read_at = clock_timestamp()
    WHERE user_id = $1 AND seq <= $2 AND {IS_UNREAD} RETURNING user_id, seq, read_at
), counted AS (
    SELECT count(*) AS count, count(*) FILTER (WHERE seq > seen_seq) AS unseen,
           max(read_at) AS read_at
    FROM marked JOIN inboxes USING (user_id)
)
UPDATE inboxes AS inbox
SET unread = unread - counted.count, unseen = inbox.unseen - counted.unseen, version = version + 1
FROM counted WHERE inbox.user_id = $1 AND counted.count > 0
RETURNING {STATE}, counted.count, counted.read_at
"""  # noqa: S608
# What is unread above the mark is few, and has an index.
_MARK_SEEN: Final = f"""
UPDATE inboxes AS inbox SET
    seen_seq = $2, version = version + 1,
    unseen = (SELECT count(*) FROM notifications WHERE user_id = $1 AND seq > $2 AND {IS_UNREAD})
WHERE user_id = $1 AND seen_seq < $2
RETURNING {STATE}, clock_timestamp() AS seen_at
"""  # noqa: S608
_ARCHIVE: Final = f"""
WITH old AS (
    SELECT id, (read_at IS NULL)::int AS unread, clock_timestamp() AS now FROM notifications
    WHERE id = $1 AND withdrawn_at IS NULL AND archived_at IS NULL
), changed AS (
    UPDATE notifications AS n SET archived_at = now, read_at = coalesce(read_at, now)
    FROM old WHERE n.id = old.id RETURNING user_id, seq, unread, now
)
UPDATE inboxes AS inbox SET
    unread = inbox.unread - changed.unread,
    unseen = unseen - CASE WHEN changed.seq > seen_seq THEN changed.unread ELSE 0 END,
    total = total - 1, archived = archived + 1, version = version + 1
FROM changed WHERE inbox.user_id = changed.user_id
RETURNING {STATE}, changed.now
"""  # noqa: S608
_UNARCHIVE: Final = f"""
WITH changed AS (
    UPDATE notifications SET archived_at = NULL
    WHERE id = $1 AND withdrawn_at IS NULL AND archived_at IS NOT NULL
    RETURNING user_id
)
UPDATE inboxes AS inbox SET total = total + 1, archived = archived - 1, version = version + 1
FROM changed WHERE inbox.user_id = changed.user_id
RETURNING {STATE}, clock_timestamp() AS now
"""  # noqa: S608


class PostgresMarks:
    """What one transaction marks."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def mark_read(self, notification: Notification) -> NotificationsRead | None:
        if await self._connection.fetchval(HOLD, notification.user_id) is None:
            return None
        row = await self._connection.fetchrow(_MARK_READ, notification.id)
        if row is None:
            return None
        return NotificationsRead(state_from_row(row), (notification.id,), None, 1, row["read_at"])

    async def mark_all_read(self, user_id: int, up_to_seq: int | None) -> NotificationsRead | None:
        last_seq = await self._connection.fetchval(HOLD, user_id)
        if last_seq is None:
            return None
        seq = last_seq if up_to_seq is None else min(up_to_seq, last_seq)
        row = await self._connection.fetchrow(_MARK_ALL_READ, user_id, seq)
        if row is None:
            return None
        return NotificationsRead(state_from_row(row), (), seq, row["count"], row["read_at"])

    async def mark_seen(self, user_id: int, up_to_seq: int | None) -> NotificationsSeen | None:
        last_seq = await self._connection.fetchval(HOLD, user_id)
        if last_seq is None:
            return None
        seq = last_seq if up_to_seq is None else min(up_to_seq, last_seq)
        row = await self._connection.fetchrow(_MARK_SEEN, user_id, seq)
        return None if row is None else NotificationsSeen(state_from_row(row), seq, row["seen_at"])

    async def set_archived(
        self, notification: Notification, *, is_archived: bool
    ) -> NotificationArchived | None:
        if await self._connection.fetchval(HOLD, notification.user_id) is None:
            return None
        sql = _ARCHIVE if is_archived else _UNARCHIVE
        row = await self._connection.fetchrow(sql, notification.id)
        if row is None:
            return None
        return NotificationArchived(notification.id, state_from_row(row), is_archived, row["now"])
