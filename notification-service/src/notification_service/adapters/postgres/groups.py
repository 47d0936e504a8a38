"""The feed in groups, from PostgreSQL: one query, whatever the size of the groups."""

from typing import Final

from service_kit.database import Database, Row

from notification_service.domain.groups import Group, GroupPage, GroupWindow
from notification_service.domain.models import Notification

_NEWEST: Final = 2**63 - 1
_SHOWN: Final = "withdrawn_at IS NULL AND archived_at IS NULL"
_DAY: Final = "(created_at AT TIME ZONE 'UTC')::date"

# Groups that have grown since a walk began are looked up at the place that they had then; they are
# few. A walk is told by `top`, the newest seq when it began.
_PAGE: Final = f"""
WITH walk AS (
    SELECT user_id, least(last_seq, $2) AS top FROM inboxes
    WHERE user_id = $1 AND closed_at IS NULL
), placed AS (
    (SELECT held.*, held.last_seq AS position, walk.top
     FROM walk JOIN notification_groups AS held USING (user_id)
     WHERE held.last_seq < $3 AND held.last_seq <= walk.top AND size > 0 {{condition}}
     ORDER BY held.last_seq DESC LIMIT $4)
    UNION ALL
    (SELECT held.*, earlier.seq AS position, walk.top
     FROM walk JOIN notification_groups AS held USING (user_id)
     CROSS JOIN LATERAL (
         SELECT seq FROM notifications
         WHERE user_id = held.user_id AND seq BETWEEN held.first_seq AND walk.top
           AND group_key = held.group_key AND {_DAY} = held.day
         ORDER BY seq DESC LIMIT 1) AS earlier
     WHERE held.last_seq > walk.top AND held.first_seq <= walk.top AND earlier.seq < $3
       AND size > 0 {{condition}})
)
SELECT page.position, page.top, page.size, page.unread, page.actors, who.actor_ids,
       n.id, n.user_id, n.seq, n.type, n.payload, n.actor_id, n.created_at, n.about_id,
       n.read_at IS NOT NULL AS is_read
FROM (SELECT * FROM placed ORDER BY position DESC LIMIT $4) AS page
CROSS JOIN LATERAL (
    SELECT * FROM notifications
    WHERE user_id = page.user_id AND seq BETWEEN page.first_seq AND page.last_seq
      AND group_key = page.group_key AND {_DAY} = page.day AND {_SHOWN}
    ORDER BY seq DESC LIMIT 1) AS n
CROSS JOIN LATERAL (
    SELECT array_agg(actor_id ORDER BY last_seq DESC) AS actor_ids FROM (
        SELECT actor_id, last_seq FROM notification_group_actors
        WHERE (user_id, group_key, day) = (page.user_id, page.group_key, page.day) AND shown > 0
        ORDER BY last_seq DESC LIMIT 3) AS latest) AS who
ORDER BY page.position DESC
"""  # noqa: S608


async def read_groups(database: Database, user_id: int, window: GroupWindow) -> GroupPage:
    """A part of the feed in groups."""
    sql = _PAGE.format(condition="AND unread > 0" if window.unread_only else "")
    top = _NEWEST if window.top is None else window.top
    before = _NEWEST if window.before is None else window.before
    rows = await database.fetch("groups", sql, user_id, top, before, window.limit + 1)
    groups = tuple(group_from_row(row) for row in rows[: window.limit])
    if len(rows) <= window.limit:
        return GroupPage(groups)
    return GroupPage(groups, (rows[0]["top"], groups[-1].position))


def group_from_row(row: Row) -> Group:
    """A row of the page; a group whose key names its actor has that one alone."""
    payload = row["payload"]
    latest = Notification(
        id=row["id"],
        user_id=row["user_id"],
        seq=row["seq"],
        type=row["type"],
        payload=None if payload is None else payload.encode(),
        actor_id=row["actor_id"],
        created_at=row["created_at"],
        is_read=row["is_read"],
    )
    alone = () if row["about_id"] is None else (row["about_id"],)
    actor_ids = tuple(row["actor_ids"] or alone)
    return Group(
        latest=latest,
        size=row["size"],
        unread=row["unread"],
        actor_ids=actor_ids,
        actors=max(row["actors"], len(actor_ids)),
        position=row["position"],
    )
