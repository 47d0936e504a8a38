"""Relations in PostgreSQL."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

from service_kit import outbox, pages
from service_kit.database import Connection, Database, columns, refusals
from service_kit.outbox import OutboxRecord
from service_kit.unit_of_work import Emit, unit_of_work

from relation_service.application.ports import UnitOfWork
from relation_service.domain.errors import AlreadyFollowing, CannotFollowYourself, UserNotFound
from relation_service.domain.events import Event, FollowCreated
from relation_service.domain.models import (
    FollowerIds,
    FollowPage,
    Pair,
    Place,
    Relation,
    Side,
    Window,
)

_MEANINGS: Final = {"follows_pair": AlreadyFollowing, "follows_not_self": CannotFollowYourself}
_ENDS: Final[dict[Side, tuple[str, str]]] = {
    "followers": ("followee_id", "follower_id"),
    "followees": ("follower_id", "followee_id"),
}
"""For each list: the column that it is of, the column that it shows."""

_FOLLOWERS_AFTER: Final = """
SELECT follower_id FROM follows WHERE followee_id = $1 AND follower_id > $2
ORDER BY follower_id LIMIT $3
"""
_FOLLOWER_IDS: Final = """
SELECT ARRAY(
    SELECT follower_id FROM follows
    WHERE followee_id = asked.followee_id AND follower_id > asked.after_id
    ORDER BY follower_id LIMIT $3
) AS ids
FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS asked (followee_id, after_id, position)
ORDER BY position
"""
_RELATIONS: Final = """
SELECT other,
       EXISTS (SELECT FROM follows WHERE followee_id = other AND follower_id = $1) AS following,
       EXISTS (SELECT FROM follows WHERE followee_id = $1 AND follower_id = other) AS followed_by
FROM unnest($2::bigint[]) WITH ORDINALITY AS asked (other, position) ORDER BY position
"""
# A deletion holds its lock exclusively: it sees every relation that got in before it, and a later
# one sees its tombstone, since a statement reads what was committed before it began; so do those
# within `may_follow`, the function that takes the locks and looks for tombstones.
_LOCK_DELETED: Final = "SELECT pg_advisory_xact_lock($1)"
_FOLLOW: Final = f"""
WITH follow AS (
    INSERT INTO follows (follower_id, followee_id, created_at)
    SELECT $1::bigint, $2::bigint, $3::timestamptz WHERE may_follow($1, $2)
    RETURNING id
),
announced AS ({outbox.insertion("follow", 4)})
SELECT id FROM follow
"""  # noqa: S608
_REMOVE: Final = """
DELETE FROM follows WHERE followee_id = $2 AND follower_id = $1 RETURNING clock_timestamp()
"""
_REMOVE_SOME: Final = """
DELETE FROM follows WHERE id IN (
    (SELECT id FROM follows WHERE follower_id = $1 LIMIT $2)
    UNION ALL
    (SELECT id FROM follows WHERE followee_id = $1 LIMIT $2)
    LIMIT $2
) RETURNING follower_id, followee_id
"""


class PostgresFollows:
    """The relations of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, side: Side, user_id: int, window: Window) -> FollowPage:
        of, shown = _ENDS[side]
        sql = f"""
            SELECT id, {shown} AS shown FROM follows
            WHERE {of} = $1 AND ($2::bigint = 0 OR id < $2)
            ORDER BY id DESC OFFSET $3 LIMIT $4
        """  # noqa: S608
        arguments = (user_id, window.before, window.offset, window.limit + 1)
        async with self._database.connection() as connection:
            rows = await self._database.timed(f"{side}_page", connection.fetch, sql, *arguments)
            total = await pages.count(connection, f"follows WHERE {of} = $1", [user_id])
        part = rows[: window.limit]
        return FollowPage(
            follow_ids=tuple(row["id"] for row in part),
            user_ids=tuple(row["shown"] for row in part),
            more=len(rows) > window.limit,
            total=total.value,
            total_is_estimate=total.is_estimate,
        )

    async def followers(
        self, followee_id: int, after_id: int, batch_size: int
    ) -> AsyncIterator[Sequence[int]]:
        while True:
            rows = await self._database.fetch(
                "followers_after", _FOLLOWERS_AFTER, followee_id, after_id, batch_size
            )
            if rows:
                batch = [row["follower_id"] for row in rows]
                yield batch
                after_id = batch[-1]
            if len(rows) < batch_size:
                return

    async def follower_ids(self, places: Sequence[Place], limit: int) -> list[FollowerIds]:
        asked = columns(((place.followee_id, place.after_id) for place in places), 2)
        rows = await self._database.fetch("follower_ids", _FOLLOWER_IDS, *asked, limit + 1)
        return [FollowerIds(tuple(row["ids"][:limit]), len(row["ids"]) <= limit) for row in rows]

    async def relations(self, user_id: int, others: Sequence[int]) -> list[Relation]:
        rows = await self._database.fetch("relations", _RELATIONS, user_id, others)
        return [Relation(row["other"], row["following"], row["followed_by"]) for row in rows]


class PostgresUnits:
    """Units of work over one database; `to_record` says how an event is put into the outbox."""

    def __init__(
        self,
        database: Database,
        to_record: Callable[[Event], OutboxRecord],
        wake: Callable[[], None],
    ) -> None:
        self._database = database
        self._to_record = to_record
        self._wake = wake

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[UnitOfWork]:
        async with unit_of_work(self._database, self._wake) as (connection, emit):
            yield PostgresUnit(connection, emit, self._to_record)

    async def follow(self, announced: FollowCreated) -> None:
        async with self._database.transaction(of_one_statement=True) as connection:
            await follow(connection, announced, self._to_record(announced))
        self._wake()


async def follow(connection: Connection, announced: FollowCreated, record: OutboxRecord) -> None:
    """Make a relation and announce it, in one statement. Raises as `Units.follow`."""
    pair = announced.pair
    own = (pair.follower_id, pair.followee_id, announced.occurred_at)
    with refusals(_MEANINGS):
        row = await connection.fetchrow(_FOLLOW, *own, *outbox.parameters(record))
    if row is None:
        raise UserNotFound


class PostgresUnit:
    """One transaction on relations."""

    def __init__(
        self, connection: Connection, emit: Emit, to_record: Callable[[Event], OutboxRecord]
    ) -> None:
        self._connection = connection
        self._emit = emit
        self._to_record = to_record

    async def remove(self, pair: Pair) -> datetime | None:
        ended_at: datetime | None = await self._connection.fetchval(
            _REMOVE, pair.follower_id, pair.followee_id
        )
        return ended_at

    async def forget(self, user_id: int) -> None:
        await self._connection.execute(_LOCK_DELETED, user_id)
        sql = "INSERT INTO deleted_users (user_id) VALUES ($1) ON CONFLICT DO NOTHING"
        await self._connection.execute(sql, user_id)

    async def remove_some_of(self, user_id: int, most: int) -> list[Pair]:
        rows = await self._connection.fetch(_REMOVE_SOME, user_id, most)
        return [Pair(row["follower_id"], row["followee_id"]) for row in rows]

    def emit(self, event: Event) -> None:
        self._emit(self._to_record(event))
