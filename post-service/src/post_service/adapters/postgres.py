"""Posts in PostgreSQL: one statement a read, one for publishing a post with all its parts."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from service_kit import metrics, pages
from service_kit.database import Connection, Database, Row, columns, existing
from service_kit.estimates import Estimates
from service_kit.outbox import OutboxRecord
from service_kit.unit_of_work import Emit, unit_of_work

from post_service.application.ports import UnitOfWork
from post_service.domain.errors import AuthorGone
from post_service.domain.events import Event, PostCreated, PostDeleted, PostUpdated
from post_service.domain.models import (
    Media,
    MediaDraft,
    NewPost,
    Place,
    Post,
    PostChange,
    PostFilter,
    PostPage,
    Tag,
)

_ACTIONS: Final = {PostCreated: "created", PostUpdated: "updated", PostDeleted: "deleted"}

_OWN: Final = "post.id, post.author_id, post.title, post.content, post.created_at, post.updated_at"
_ATTACHED: Final = (
    "media.id, media.url, media.type, media.position, media.description, media.created_at"
)
_POST: Final = f"""{_OWN},
    ARRAY(SELECT ROW(tags.id, tags.name) FROM post_tags JOIN tags ON tags.id = post_tags.tag_id
          WHERE post_tags.post_id = post.id ORDER BY post_tags.position) AS tags,
    ARRAY(SELECT ROW({_ATTACHED}) FROM media WHERE media.post_id = post.id
          ORDER BY media.position) AS media"""  # noqa: S608

_PAGE: Final = """
WITH page AS (
    SELECT {key} AS id FROM {source}{beyond}
    ORDER BY found.created_at DESC, {key} DESC OFFSET {offset} LIMIT {limit}
)
SELECT counted.total, {post}
FROM (SELECT {total} AS total) AS counted
LEFT JOIN (page JOIN posts AS post ON post.id = page.id) ON true
ORDER BY post.created_at DESC, post.id DESC
"""
_TOTAL: Final = "(SELECT count(*) FROM (SELECT FROM {source} LIMIT {most}) AS counted)"
# The youngest of several tags is the likeliest to be rare: its posts are gone through, newest
# first, and the other tags are looked up for each. Nothing is gone through for a tag that is none.
_OF_A_TAG: Final = "found.tag_id = (SELECT max(id) FROM tags WHERE name = ANY({0}::text[]))"
_HAS_TAGS: Final = """
    (SELECT count(*) FROM tags WHERE name = ANY({0}::text[])) = cardinality({0}::text[])
    AND (SELECT count(*) FROM post_tags AS other WHERE other.post_id = {1} AND other.tag_id = ANY(
        ARRAY(SELECT id FROM tags WHERE name = ANY({0}::text[])))) = cardinality({0}::text[])"""

# An author's deletion holds its lock exclusively: it sees every post that got in before it, and a
# later one sees its tombstone, as a statement reads what was committed before it began. Two
# numbers: the locks of one number are the relay's and the migrations'.
_LOCK_KIND: Final = 1
_LOCK_AUTHOR: Final = "SELECT pg_advisory_xact_lock_shared($1, hashint8($2))"
_LOCK_DELETED: Final = "SELECT pg_advisory_xact_lock($1, hashint8($2))"

_INSERT: Final = """
    INSERT INTO posts (author_id, title, content, idempotency_key)
    SELECT $6::bigint, $7::text, $8::text, $9::text
    WHERE NOT EXISTS (SELECT FROM deleted_authors WHERE author_id = $6)
    ON CONFLICT ON CONSTRAINT posts_idempotency_key DO NOTHING
    RETURNING *"""
_UPDATE: Final = """
    UPDATE posts SET title = coalesce($7::text, title), content = coalesce($8::text, content),
        updated_at = statement_timestamp()
    WHERE id = $6
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
    INSERT INTO media (post_id, url, type, position, description)
    SELECT post.id, item.*
    FROM post, unnest($2::text[], $3::text[], $4::smallint[], $5::text[]) AS item
    RETURNING *
)
SELECT {own},
    ARRAY(SELECT ROW(tagged.id, tagged.name) FROM tagged ORDER BY position) AS tags,
    ARRAY(SELECT ROW({attached}) FROM media ORDER BY position) AS media
FROM post
"""
_ADD: Final = _WRITE.format(write=_INSERT, own=_OWN, attached=_ATTACHED)
_CHANGE: Final = _WRITE.format(write=_UPDATE, own=_OWN, attached=_ATTACHED)
_DETACH: Final = """
WITH links AS (DELETE FROM post_tags WHERE post_id = $1 AND $2)
DELETE FROM media WHERE post_id = $1 AND $3
"""
_REMOVE_SOME: Final = """
DELETE FROM posts WHERE id IN (
    SELECT id FROM posts WHERE author_id = $1 ORDER BY created_at, id LIMIT $2 FOR UPDATE
) RETURNING id
"""


class PostgresPosts:
    """The posts of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._estimates = Estimates()

    async def get(self, post_id: int) -> Post | None:
        sql = f"SELECT {_POST} FROM posts AS post WHERE id = $1"  # noqa: S608
        row = await self._database.fetch_row("post_by_id", sql, post_id)
        return None if row is None else post_from_row(row)

    async def get_many(self, post_ids: Sequence[int]) -> list[Post]:
        sql = f"SELECT {_POST} FROM posts AS post WHERE id = ANY($1::bigint[])"  # noqa: S608
        rows = await self._database.fetch("posts_by_ids", sql, post_ids)
        return [post_from_row(row) for row in rows]

    async def page(
        self, wanted: PostFilter, *, after: Place | None, offset: int, limit: int
    ) -> PostPage:
        matching = _Matching.of(wanted)
        estimate = self._estimates.get(wanted)
        sql, arguments = matching.page(after, offset, limit + 1, with_total=estimate is None)
        async with self._database.connection() as connection:
            rows = await self._database.timed("posts_page", connection.fetch, sql, *arguments)
            total = estimate or pages.Total(rows[0]["total"])
            if not total.is_estimate and total.value > pages.EXACT_TOTAL:
                counted = await pages.count(connection, matching.source, matching.arguments)
                total = self._estimates.keep(wanted, counted)
        posts = [post_from_row(row) for row in rows if row["id"] is not None]
        return PostPage(tuple(posts[:limit]), len(posts) > limit, total.value, total.is_estimate)


@dataclass(frozen=True, slots=True)
class _Matching:
    """The rows that satisfy a filter: `source` is what follows FROM, `key` the post's id in it."""

    source: str
    key: str
    arguments: tuple[object, ...]

    @classmethod
    def of(cls, wanted: PostFilter) -> "_Matching":
        """An author's list is an author's even where it is filtered by tags."""
        by_tag = bool(wanted.tags) and wanted.author_id is None
        table, key = ("post_tags", "found.post_id") if by_tag else ("posts", "found.id")
        conditions: list[str] = []
        arguments: list[object] = []
        for condition, value in (
            ("found.author_id = {0}", wanted.author_id),
            ("found.created_at >= {0}", wanted.created_after),
            ("found.created_at <= {0}", wanted.created_before),
            (_OF_A_TAG, wanted.tags if by_tag else None),
            (_HAS_TAGS, wanted.tags if wanted.tags[by_tag:] else None),
        ):
            if value is not None:
                arguments.append(value)
                conditions.append(condition.format(f"${len(arguments)}", key))
        where = " AND ".join(conditions) or "true"
        return cls(f"{table} AS found WHERE {where}", key, tuple(arguments))

    def page(
        self, after: Place | None, offset: int, limit: int, *, with_total: bool
    ) -> tuple[str, tuple[object, ...]]:
        """The statement that reads a page, and its arguments."""
        place = () if after is None else (after.created_at, after.id)
        arguments = (*self.arguments, *place, offset, limit)
        numbers = [f"${number}" for number in range(len(self.arguments) + 1, len(arguments) + 1)]
        beyond = f" AND (found.created_at, {self.key}) < ({numbers[0]}, {numbers[1]})"
        total = _TOTAL.format(source=self.source, most=pages.EXACT_TOTAL + 1)
        sql = _PAGE.format(
            key=self.key,
            source=self.source,
            beyond=beyond if place else "",
            offset=numbers[-2],
            limit=numbers[-1],
            post=_POST,
            total=total if with_total else "NULL::bigint",
        )
        return sql, arguments


class PostgresUnits:
    """Units of work over one database; `to_record` says how an event is put into the outbox.

    `ended` is told of the events of every unit after its end, also of one that may not have been
    committed: where a caller goes away in the middle of a commit, nobody knows.
    """

    def __init__(
        self,
        database: Database,
        to_record: Callable[[Event], OutboxRecord],
        wake: Callable[[], None],
        ended: Callable[[Sequence[Event]], Awaitable[None]],
    ) -> None:
        self._database = database
        self._to_record = to_record
        self._wake = wake
        self._ended = ended

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[UnitOfWork]:
        events: list[Event] = []
        try:
            async with unit_of_work(self._database, self._wake) as (connection, emit):
                yield PostgresUnit(connection, emit, self._to_record, events)
            for event in events:
                metrics.POSTS.labels(_ACTIONS[type(event)]).inc()
        finally:
            if events:
                await asyncio.shield(self._ended(events))


class PostgresUnit:
    """One transaction on posts; `events` takes what is announced in it."""

    def __init__(
        self,
        connection: Connection,
        emit: Emit,
        to_record: Callable[[Event], OutboxRecord],
        events: list[Event],
    ) -> None:
        self._connection = connection
        self._emit = emit
        self._to_record = to_record
        self._events = events

    async def add(self, post: NewPost, idempotency_key: str | None) -> tuple[Post, bool]:
        await self._connection.execute(_LOCK_AUTHOR, _LOCK_KIND, post.author_id)
        parts = (post.tags, *_media_columns(post.media))
        own = (post.author_id, post.title, post.content, idempotency_key)
        row = await self._connection.fetchrow(_ADD, *parts, *own)
        if row is not None:
            return post_from_row(row), True
        earlier = await self._one("author_id = $1 AND idempotency_key = $2", own[0], own[-1])
        if earlier is None:
            raise AuthorGone
        return post_from_row(earlier), False

    async def lock(self, post_id: int) -> int | None:
        sql = "SELECT author_id FROM posts WHERE id = $1 FOR UPDATE"
        author_id: int | None = await self._connection.fetchval(sql, post_id)
        return author_id

    async def change(self, post_id: int, change: PostChange) -> Post:
        replaced = (change.tags is not None, change.media is not None)
        await self._connection.execute(_DETACH, post_id, *replaced)
        parts = (change.tags or (), *_media_columns(change.media or ()))
        await self._connection.execute(_CHANGE, *parts, post_id, change.title, change.content)
        return post_from_row(existing(await self._one("id = $1", post_id)))

    async def remove(self, post_id: int) -> None:
        await self._connection.execute("DELETE FROM posts WHERE id = $1", post_id)

    async def forget(self, author_id: int) -> None:
        await self._connection.execute(_LOCK_DELETED, _LOCK_KIND, author_id)
        sql = "INSERT INTO deleted_authors (author_id) VALUES ($1) ON CONFLICT DO NOTHING"
        await self._connection.execute(sql, author_id)

    async def remove_some_of(self, author_id: int, most: int) -> list[int]:
        rows = await self._connection.fetch(_REMOVE_SOME, author_id, most)
        return [row["id"] for row in rows]

    def emit(self, event: Event) -> None:
        self._events.append(event)
        self._emit(self._to_record(event))

    async def _one(self, condition: str, *arguments: object) -> Row | None:
        sql = f"SELECT {_POST} FROM posts AS post WHERE {condition}"  # noqa: S608
        row: Row | None = await self._connection.fetchrow(sql, *arguments)
        return row


def post_from_row(row: Row) -> Post:
    """A row of a post with its tags and media."""
    return Post(
        id=row["id"],
        author_id=row["author_id"],
        title=row["title"],
        content=row["content"],
        tags=tuple(Tag(*tag) for tag in row["tags"]),
        media=tuple(Media(*item) for item in row["media"]),
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def _media_columns(media: Sequence[MediaDraft]) -> tuple[list[object], ...]:
    rows = ((item.url, item.type, item.position, item.description or None) for item in media)
    return columns(rows, 4)
