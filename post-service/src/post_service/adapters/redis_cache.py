"""Posts out of Redis, where they are, in front of the posts of a database."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

import orjson
from service_kit.cache import Cache

from post_service.application.ports import Posts
from post_service.domain.events import PostDeleted, PostEvent
from post_service.domain.models import Media, Place, Post, PostFilter, PostPage, Tag

_SHAPE: Final = 1
"""Counted up when what is kept of a post changes, so that no version reads another one's values."""


class RedisPosts:
    """Single posts and batches, cached; lists are always those of the database."""

    def __init__(self, posts: Posts, cache: Cache) -> None:
        self._posts = posts
        self._cache = cache

    async def get(self, post_id: int) -> Post | None:
        found = await self.get_many([post_id])
        return found[0] if found else None

    async def get_many(self, post_ids: Sequence[int]) -> list[Post]:
        values = await self._cache.get_many_or_load(map(_key, post_ids), self._load)
        return [post_from_bytes(value) for value in values.values()]

    async def page(
        self, wanted: PostFilter, *, after: Place | None, offset: int, limit: int
    ) -> PostPage:
        return await self._posts.page(wanted, after=after, offset=offset, limit=limit)

    @asynccontextmanager
    async def changing(
        self, post_ids: Sequence[int], events: Sequence[PostEvent]
    ) -> AsyncIterator[None]:
        """Keep none of the posts while a transaction may change them.

        Enter it before the transaction begins and leave it after its end; then those are forgotten,
        too, that the `events` are about, which may come in meanwhile.
        """
        async with self._cache.suspended(*map(_key, post_ids)) as changed:
            try:
                yield
            finally:
                changed.update(_key(_post_id(event)) for event in events)

    async def _load(self, keys: Sequence[str]) -> Mapping[str, bytes]:
        posts = await self._posts.get_many([int(key.partition(":")[2]) for key in keys])
        return {_key(post.id): post_to_bytes(post) for post in posts}


def post_to_bytes(post: Post) -> bytes:
    """A post as JSON."""
    return orjson.dumps(post)


def post_from_bytes(value: bytes) -> Post:
    """The inverse of `post_to_bytes`."""
    kept: dict[str, Any] = orjson.loads(value)
    kept["tags"] = tuple(Tag(**tag) for tag in kept["tags"])
    kept["media"] = tuple(Media(**_dated(item, "created_at")) for item in kept["media"])
    return Post(**_dated(kept, "created_at", "updated_at"))


def _dated(kept: dict[str, Any], *names: str) -> dict[str, Any]:
    return kept | {name: datetime.fromisoformat(kept[name]) for name in names}


def _key(post_id: int) -> str:
    return f"{_SHAPE}:{post_id}"


def _post_id(event: PostEvent) -> int:
    return event.post_id if isinstance(event, PostDeleted) else event.post.id
