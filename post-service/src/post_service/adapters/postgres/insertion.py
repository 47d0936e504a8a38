"""How a new post and its announcement come into the database: in one statement."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from service_kit.database import Connection, Database
from service_kit.outbox import OutboxRecord

from post_service.adapters.postgres.locks import LOCK_AUTHOR, LOCK_KIND
from post_service.adapters.postgres.rows import POST, post_from_row
from post_service.adapters.postgres.writes import Draft, addition
from post_service.domain.errors import AuthorGone
from post_service.domain.events import PostCreated, PostEvent
from post_service.domain.models import MediaDraft, Post, resolved

_IDS_AT_ONCE: Final = 32
_NEXT_IDS: Final = """
SELECT nextval(pg_get_serial_sequence('posts', 'id')) AS id FROM generate_series(1, $1)
"""
# Locked, so that they do not expire before the media that show them are inserted.
_NAMED: Final = """
SELECT id, stem, content_type FROM uploads
WHERE owner_id = $1 AND state <> 'failed' AND (id = ANY($2::bigint[]) OR stem = ANY($3::text[]))
ORDER BY id FOR UPDATE
"""
_EARLIER: Final = f"""
SELECT {POST} FROM posts AS post WHERE author_id = $1 AND idempotency_key = $2
"""  # noqa: S608


class PostIds:
    """Ids of posts to be, of which this process has some in hand; unused ones leave gaps.

    An announcement names its post, and goes in the statement that inserts both.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._free: deque[int] = deque()
        self._lock = asyncio.Lock()

    async def take(self) -> int:
        """An id that no other post has."""
        while not self._free:
            async with self._lock:
                if not self._free:
                    rows = await self._database.fetch("post_ids", _NEXT_IDS, _IDS_AT_ONCE)
                    self._free.extend(row["id"] for row in rows)
        return self._free.popleft()


def names_uploads(media: Sequence[MediaDraft]) -> bool:
    """Whether any of the media may be an upload, so that `shown` has to ask."""
    return any(item.media_id or item.stem for item in media)


def uploads_named(media: Sequence[MediaDraft]) -> tuple[list[int], list[str]]:
    """The ids and the stems by which they name uploads."""
    ids = [item.media_id for item in media if item.media_id]
    return ids, [item.stem for item in media if item.stem]


async def insert(
    connection: Connection, draft: Draft, to_record: Callable[[PostEvent], OutboxRecord]
) -> tuple[Post, bool]:
    """The new post, announced, and True; the author's earlier one of this key and False.

    One statement, which is all of its transaction unless the post `names_uploads`. Raises
    `AuthorGone`.
    """
    post = draft.post
    event = PostCreated(draft.id, post.author_id, post.title, draft.at)
    if names_uploads(post.media):
        # Before the uploads, as their additions have it: else the two could wait for each other.
        await connection.execute(LOCK_AUTHOR, LOCK_KIND, post.author_id)
    media = await shown(connection, post.author_id, post.media)
    sql, arguments = addition(draft, to_record(event), media)
    row = await connection.fetchrow(sql, *arguments)
    if row is not None:
        return post_from_row(row), True
    earlier = await connection.fetchrow(_EARLIER, post.author_id, draft.key)
    if earlier is None:
        raise AuthorGone
    return post_from_row(earlier), False


async def shown(
    connection: Connection, author_id: int, media: Sequence[MediaDraft]
) -> list[MediaDraft]:
    """The media with the addresses of the uploads that they name, held until the transaction ends.

    Raises `MediaNotFound`.
    """
    if not names_uploads(media):
        return list(media)
    rows = await connection.fetch(_NAMED, author_id, *uploads_named(media))
    return resolved(media, [(row["id"], row["stem"], row["content_type"]) for row in rows])
