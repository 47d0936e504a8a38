"""Changes of posts, each with its events in one transaction."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Final

from service_kit import metrics
from service_kit.database import Connection, Database, Row, columns, existing
from service_kit.outbox import OutboxRecord
from service_kit.unit_of_work import Emit, unit_of_work

from post_service.adapters.postgres.rows import ATTACHED, OWN, POST, post_from_row
from post_service.application.ports import UnitOfWork
from post_service.domain.errors import AuthorGone
from post_service.domain.events import PostCreated, PostDeleted, PostEvent, PostUpdated
from post_service.domain.models import Held, MediaDraft, NewPost, Post, PostChange, resolved

_ACTIONS: Final = {PostCreated: "created", PostUpdated: "updated", PostDeleted: "deleted"}

# An author's deletion holds its lock exclusively: it sees every post that got in before it, and a
# later one sees its tombstone, as a statement reads what was committed before it began. Two
# numbers: the locks of one number are the relay's and the migrations'.
LOCK_KIND: Final = 1
LOCK_AUTHOR: Final = "SELECT pg_advisory_xact_lock_shared($1, hashint8($2))"
_LOCK_DELETED: Final = "SELECT pg_advisory_xact_lock($1, hashint8($2))"

_INSERT: Final = """
    INSERT INTO posts (author_id, title, content, idempotency_key)
    SELECT $7::bigint, $8::text, $9::text, $10::text
    WHERE NOT EXISTS (SELECT FROM deleted_authors WHERE author_id = $7)
    ON CONFLICT ON CONSTRAINT posts_idempotency_key DO NOTHING
    RETURNING *"""
# `updated_at` is the version of a post, so that it grows even where the clock does not.
_UPDATE: Final = """
    UPDATE posts SET title = coalesce($8::text, title), content = coalesce($9::text, content),
        updated_at = greatest(statement_timestamp(), updated_at + interval '1 microsecond')
    WHERE id = $7
    RETURNING *"""
# Tags are locked in the order of their names, the new ones where they are inserted and all of them
# by the foreign key, so that no two posts wait for each other. DO UPDATE is for the id of a tag
# that another post has made since this statement began.
_WRITE: Final = """
WITH post AS ({write}
),
given AS (
    SELECT name, position FROM unnest($1::text[]) WITH ORDINALITY AS tag (name, position)
),
made AS (
    INSERT INTO tags (name) SELECT name FROM given
    WHERE EXISTS (SELECT FROM post) AND name NOT IN (SELECT name FROM tags WHERE name = ANY($1))
    ORDER BY name
    ON CONFLICT ON CONSTRAINT tags_name_key DO UPDATE SET name = excluded.name
    RETURNING id, name
),
tagged AS (
    SELECT known.id, name, position FROM given
    JOIN (SELECT id, name FROM made UNION ALL SELECT id, name FROM tags WHERE name = ANY($1))
        AS known USING (name)
),
linked AS (
    INSERT INTO post_tags (post_id, tag_id, position, created_at)
    SELECT post.id, tagged.id, tagged.position, post.created_at FROM post, tagged ORDER BY name
),
media AS (
    INSERT INTO media (post_id, url, type, position, description, upload_id)
    SELECT post.id, item.*
    FROM post, unnest($2::text[], $3::text[], $4::smallint[], $5::text[], $6::bigint[]) AS item
    RETURNING *
)
SELECT {own},
    ARRAY(SELECT ROW(tagged.id, tagged.name) FROM tagged ORDER BY position) AS tags,
    ARRAY(SELECT ROW({attached}) FROM media ORDER BY position) AS media
FROM post
"""
_ADD: Final = _WRITE.format(write=_INSERT, own=OWN, attached=ATTACHED)
_CHANGE: Final = _WRITE.format(write=_UPDATE, own=OWN, attached=ATTACHED)
_DETACH: Final = """
WITH links AS (DELETE FROM post_tags WHERE post_id = $1 AND $2)
DELETE FROM media WHERE post_id = $1 AND $3
"""
# Locked, so that they do not expire before the media that show them are inserted.
_NAMED: Final = """
SELECT id, stem, content_type FROM uploads
WHERE owner_id = $1 AND state <> 'failed' AND (id = ANY($2::bigint[]) OR stem = ANY($3::text[]))
ORDER BY id FOR UPDATE
"""
_WHOSE: Final = "SELECT author_id FROM posts WHERE id = $1"
_SOME_OF: Final = "SELECT id FROM posts WHERE author_id = $1 ORDER BY created_at, id LIMIT $2"
# In one order, so that no two removals wait for each other.
_REMOVE: Final = """
DELETE FROM posts WHERE id IN (SELECT id FROM posts WHERE id = ANY($1) ORDER BY id FOR UPDATE)
RETURNING id
"""


Changing = Callable[[Sequence[int], Sequence[PostEvent]], AbstractAsyncContextManager[None]]
"""What goes on around a transaction that may change some posts and announces some events."""


class PostgresUnits:
    """Units of work over one database; `to_record` says how an event is put into the outbox.

    `changing` is entered before the transaction, with the ids of the posts that it may change and
    with what is to take its events, and left after its end, also where that may not have been a
    commit: where a caller goes away in the middle of one, nobody knows.
    """

    def __init__(
        self,
        database: Database,
        to_record: Callable[[PostEvent], OutboxRecord],
        wake: Callable[[], None],
        changing: Changing = lambda _ids, _events: nullcontext(),
    ) -> None:
        self._database = database
        self._to_record = to_record
        self._wake = wake
        self._changing = changing

    @asynccontextmanager
    async def begin(self, *post_ids: int) -> AsyncIterator[UnitOfWork]:
        events: list[PostEvent] = []
        async with (
            self._changing(post_ids, events),
            unit_of_work(self._database, self._wake) as (connection, emit),
        ):
            yield PostgresUnit(connection, emit, self._to_record, events)
        for event in events:
            metrics.POSTS.labels(_ACTIONS[type(event)]).inc()


class PostgresUnit:
    """One transaction on posts; `events` takes what is announced in it."""

    def __init__(
        self,
        connection: Connection,
        emit: Emit,
        to_record: Callable[[PostEvent], OutboxRecord],
        events: list[PostEvent],
    ) -> None:
        self._connection = connection
        self._emit = emit
        self._to_record = to_record
        self._events = events

    async def add(self, post: NewPost, idempotency_key: str | None) -> tuple[Post, bool]:
        await self._connection.execute(LOCK_AUTHOR, LOCK_KIND, post.author_id)
        shown = await self._shown(post.author_id, post.media)
        parts = (post.tags, *_media_columns(shown))
        own = (post.author_id, post.title, post.content, idempotency_key)
        row = await self._connection.fetchrow(_ADD, *parts, *own)
        if row is not None:
            return post_from_row(row), True
        earlier = await self._one("author_id = $1 AND idempotency_key = $2", own[0], own[-1])
        if earlier is None:
            raise AuthorGone
        return post_from_row(earlier), False

    async def lock(self, post_id: int) -> Held | None:
        sql = "SELECT author_id, updated_at FROM posts WHERE id = $1 FOR UPDATE"
        row = await self._connection.fetchrow(sql, post_id)
        return None if row is None else Held(**row)

    async def change(self, post_id: int, change: PostChange) -> Post:
        replaced = (change.tags is not None, change.media is not None)
        await self._connection.execute(_DETACH, post_id, *replaced)
        author_id = await self._connection.fetchval(_WHOSE, post_id)
        shown = await self._shown(author_id, change.media or ())
        parts = (change.tags or (), *_media_columns(shown))
        await self._connection.execute(_CHANGE, *parts, post_id, change.title, change.content)
        return post_from_row(existing(await self._one("id = $1", post_id)))

    async def remove(self, post_ids: Sequence[int]) -> list[int]:
        rows = await self._connection.fetch(_REMOVE, post_ids)
        return [row["id"] for row in rows]

    async def forget(self, author_id: int) -> None:
        await self._connection.execute(_LOCK_DELETED, LOCK_KIND, author_id)
        sql = "INSERT INTO deleted_authors (author_id) VALUES ($1) ON CONFLICT DO NOTHING"
        await self._connection.execute(sql, author_id)

    async def some_of(self, author_id: int, most: int) -> list[int]:
        rows = await self._connection.fetch(_SOME_OF, author_id, most)
        return [row["id"] for row in rows]

    async def _shown(self, author_id: int, media: Sequence[MediaDraft]) -> list[MediaDraft]:
        """The media with the addresses of the uploads that they name."""
        ids = [item.media_id for item in media if item.media_id]
        stems = [item.stem for item in media if item.stem]
        if not ids and not stems:
            return list(media)
        rows = await self._connection.fetch(_NAMED, author_id, ids, stems)
        return resolved(media, [(row["id"], row["stem"], row["content_type"]) for row in rows])

    def emit(self, event: PostEvent) -> None:
        self._events.append(event)
        self._emit(self._to_record(event))

    async def _one(self, condition: str, *arguments: object) -> Row | None:
        sql = f"SELECT {POST} FROM posts AS post WHERE {condition}"  # noqa: S608
        row: Row | None = await self._connection.fetchrow(sql, *arguments)
        return row


def _media_columns(media: Sequence[MediaDraft]) -> tuple[list[object], ...]:
    rows = (
        (item.url, item.type, item.position, item.description or None, item.media_id or None)
        for item in media
    )
    return columns(rows, 5)
