"""Reading inboxes: one statement each."""

from collections.abc import Sequence
from typing import Final

from service_kit.database import Database, Row

from notification_service.adapters.postgres.groups import read_groups
from notification_service.domain.groups import GroupPage, GroupWindow
from notification_service.domain.models import FeedPage, InboxState, Missed, Notification, Window

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
