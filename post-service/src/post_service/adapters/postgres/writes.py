"""The statements that write a post with its tags and media, and announce a new one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Final

from service_kit import outbox
from service_kit.database import columns
from service_kit.outbox import OutboxRecord

from post_service.adapters.postgres.rows import ATTACHED, OWN
from post_service.domain.models import MediaDraft, NewPost, PostChange

# `may_publish` is asked before the insertion, and holds off the author's deletion until it is over.
_INSERT: Final = f"""WITH post AS (
    INSERT INTO posts (id, author_id, title, content, idempotency_key, created_at, updated_at)
    OVERRIDING SYSTEM VALUE
    SELECT $1::bigint, $2::bigint, $3::text, $4::text, $5::text, $6::timestamptz, $6
    WHERE may_publish($2)
    ON CONFLICT ON CONSTRAINT posts_idempotency_key DO NOTHING
    RETURNING *
),
announced AS ({outbox.insertion("post", 7)})"""
# `updated_at` is the version of a post, so that it grows even where the clock does not.
_UPDATE: Final = """WITH post AS (
    UPDATE posts SET title = coalesce($2::text, title), content = coalesce($3::text, content),
        updated_at = greatest(statement_timestamp(), updated_at + interval '1 microsecond')
    WHERE id = $1
    RETURNING *
)"""
# Tags are locked in the order of their names, the new ones where they are inserted and all of them
# by the foreign key, so that no two posts wait for each other. DO UPDATE is for the id of a tag
# that another post has made since this statement began.
_TAGS: Final = """,
given AS (
    SELECT name, position FROM unnest(${0}::text[]) WITH ORDINALITY AS tag (name, position)
),
made AS (
    INSERT INTO tags (name) SELECT name FROM given
    WHERE EXISTS (SELECT FROM post) AND name NOT IN (SELECT name FROM tags WHERE name = ANY(${0}))
    ORDER BY name
    ON CONFLICT ON CONSTRAINT tags_name_key DO UPDATE SET name = excluded.name
    RETURNING id, name
),
tagged AS (
    SELECT known.id, name, position FROM given
    JOIN (SELECT id, name FROM made UNION ALL SELECT id, name FROM tags WHERE name = ANY(${0}))
        AS known USING (name)
),
linked AS (
    INSERT INTO post_tags (post_id, tag_id, position, created_at)
    SELECT post.id, tagged.id, tagged.position, post.created_at FROM post, tagged ORDER BY name
)"""
_MEDIA: Final = """,
media AS (
    INSERT INTO media (post_id, url, type, position, description, upload_id, created_at)
    SELECT post.id, item.*, post.updated_at FROM post, unnest(
        ${0}::text[], ${1}::text[], ${2}::smallint[], ${3}::text[], ${4}::bigint[]) AS item
    RETURNING *
)"""

_MEDIA_COLUMNS: Final = 5
_NOTHING: Final = "ARRAY(SELECT ROW() WHERE false)"

Write = tuple[str, Sequence[object]]
"""A statement and its arguments."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A post that is to be inserted, with the id and the time that it will have."""

    post: NewPost
    key: str | None
    id: int
    at: datetime


def addition(draft: Draft, announcement: OutboxRecord, shown: Sequence[MediaDraft]) -> Write:
    """Insert a post and its announcement; answers the post.

    Answers nothing, and does nothing, where the author is gone or has a post of this key.
    """
    post = draft.post
    own = (draft.id, post.author_id, post.title, post.content, draft.key, draft.at)
    return _write(_INSERT, (*own, *outbox.parameters(announcement)), post.tags, shown)


def alteration(post_id: int, change: PostChange, shown: Sequence[MediaDraft]) -> Write:
    """Change a post's own columns, and insert the tags and media that it gets."""
    return _write(_UPDATE, (post_id, change.title, change.content), change.tags or (), shown)


def _write(
    start: str, arguments: tuple[object, ...], tags: Sequence[str], media: Sequence[MediaDraft]
) -> Write:
    if tags:
        arguments += (tags,)
    if media:
        arguments += _media_columns(media)
    first = len(arguments) - bool(tags) - bool(media) * _MEDIA_COLUMNS + 1
    return _statement(start, first, bool(tags), bool(media)), arguments


@cache
def _statement(start: str, first: int, has_tags: bool, has_media: bool) -> str:
    """What follows `start`, with parameters from number `first` on.

    What the post does not have is left out: a statement takes the longer the more parts it has.
    """
    sql, tags, media = start, _NOTHING, _NOTHING
    if has_tags:
        sql += _TAGS.format(first)
        tags = "ARRAY(SELECT ROW(id, name) FROM tagged ORDER BY position)"
    if has_media:
        sql += _MEDIA.format(*range(first + has_tags, first + has_tags + _MEDIA_COLUMNS))
        media = f"ARRAY(SELECT ROW({ATTACHED}) FROM media ORDER BY position)"  # noqa: S608
    return f"{sql} SELECT {OWN}, {tags} AS tags, {media} AS media FROM post"  # noqa: S608


def _media_columns(media: Sequence[MediaDraft]) -> tuple[list[object], ...]:
    rows = (
        (item.url, item.type, item.position, item.description or None, item.media_id or None)
        for item in media
    )
    return columns(rows, _MEDIA_COLUMNS)
