"""Changes of posts, each with its events in one transaction."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final

from service_kit import metrics
from service_kit.database import Connection, Database, existing
from service_kit.outbox import OutboxRecord
from service_kit.unit_of_work import Emit, unit_of_work

from post_service.adapters.postgres.insertion import (
    PostIds,
    insert,
    names_uploads,
    shown,
    uploads_named,
)
from post_service.adapters.postgres.locks import LOCK_DELETED, LOCK_KIND
from post_service.adapters.postgres.rows import POST, post_from_row
from post_service.adapters.postgres.writes import Draft, alteration
from post_service.domain.events import PostCreated, PostDeleted, PostEvent, PostUpdated
from post_service.domain.models import Held, NewPost, Post, PostChange

_ACTIONS: Final = {PostCreated: "created", PostUpdated: "updated", PostDeleted: "deleted"}

_DETACH: Final = """
WITH links AS (DELETE FROM post_tags WHERE post_id = $1 AND $2)
DELETE FROM media WHERE post_id = $1 AND $3
"""
# All of them in one order: two changes that swap uploads would wait for each other.
_LOCK_UPLOADS: Final = """
SELECT FROM uploads WHERE owner_id = $2 AND (
    id IN (SELECT upload_id FROM media WHERE post_id = $1)
    OR id = ANY($3::bigint[]) OR stem = ANY($4::text[]))
ORDER BY id FOR UPDATE
"""
_CHANGED: Final = f"SELECT {POST} FROM posts AS post WHERE id = $1"  # noqa: S608
_WHOSE: Final = "SELECT author_id FROM posts WHERE id = $1"
_SOME_OF: Final = "SELECT id FROM posts WHERE author_id = $1 ORDER BY created_at, id LIMIT $2"
# In one order, so that no two removals wait for each other.
_REMOVE: Final = """
DELETE FROM posts WHERE id IN (SELECT id FROM posts WHERE id = ANY($1) ORDER BY id FOR UPDATE)
RETURNING id
"""


class PostgresUnits:
    """Units of work over one database; `to_record` says how an event is put into the outbox.

    `clock` gives the time that new posts have.
    """

    def __init__(
        self,
        database: Database,
        to_record: Callable[[PostEvent], OutboxRecord],
        wake: Callable[[], None],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._to_record = to_record
        self._wake = wake
        self._clock = clock
        self._ids = PostIds(database)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator["PostgresUnit"]:
        events: list[PostEvent] = []
        async with unit_of_work(self._database, self._wake) as (connection, emit):
            yield PostgresUnit(connection, emit, self._to_record, events)
        for event in events:
            metrics.POSTS.labels(_ACTIONS[type(event)]).inc()

    async def publish(self, post: NewPost, idempotency_key: str | None) -> Post:
        draft = Draft(post, idempotency_key, await self._ids.take(), self._clock())
        of_one = not names_uploads(post.media)
        async with self._database.transaction(of_one_statement=of_one) as connection:
            made, is_new = await insert(connection, draft, self._to_record)
        if is_new:
            self._wake()
            metrics.POSTS.labels("created").inc()
        return made


class PostgresUnit:
    """One transaction on posts; `events` takes what is announced in it."""

    def __init__(
        self,
        connection: Connection,
        emit: Emit,
        to_record: Callable[[PostEvent], OutboxRecord],
        events: list[PostEvent],
    ) -> None:
        self.connection = connection
        self._emit = emit
        self._to_record = to_record
        self._events = events

    async def lock(self, post_id: int) -> Held | None:
        sql = "SELECT author_id, updated_at FROM posts WHERE id = $1 FOR UPDATE"
        row = await self.connection.fetchrow(sql, post_id)
        return None if row is None else Held(**row)

    async def change(self, post_id: int, change: PostChange) -> Post:
        replaced = (change.tags is not None, change.media is not None)
        author_id = await self.connection.fetchval(_WHOSE, post_id)
        if change.media is not None:
            named = uploads_named(change.media)
            await self.connection.execute(_LOCK_UPLOADS, post_id, author_id, *named)
        await self.connection.execute(_DETACH, post_id, *replaced)
        media = await shown(self.connection, author_id, change.media or ())
        sql, arguments = alteration(post_id, change, media)
        await self.connection.execute(sql, *arguments)
        return post_from_row(existing(await self.connection.fetchrow(_CHANGED, post_id)))

    async def remove(self, post_ids: Sequence[int]) -> list[int]:
        rows = await self.connection.fetch(_REMOVE, post_ids)
        return [row["id"] for row in rows]

    async def forget(self, author_id: int) -> None:
        await self.connection.execute(LOCK_DELETED, LOCK_KIND, author_id)
        sql = "INSERT INTO deleted_authors (author_id) VALUES ($1) ON CONFLICT DO NOTHING"
        await self.connection.execute(sql, author_id)

    async def some_of(self, author_id: int, most: int) -> list[int]:
        rows = await self.connection.fetch(_SOME_OF, author_id, most)
        return [row["id"] for row in rows]

    def emit(self, event: PostEvent) -> None:
        self._events.append(event)
        self._emit(self._to_record(event))
