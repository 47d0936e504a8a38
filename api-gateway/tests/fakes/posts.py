"""post-service in memory."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

from service_kit.errors import (
    AppError,
    FailedPrecondition,
    FieldViolation,
    InvalidArgument,
    PermissionDenied,
)

from api_gateway.domain.page import Page
from api_gateway.domain.post import (
    Media,
    MediaDraft,
    Post,
    PostChange,
    PostDraft,
    PostFilter,
    PostNotFound,
    Tag,
)
from tests.fakes.depth import reachable

_EXACT_TOTAL = 10_000


class Gate:
    """Where answers wait, after they were read, until it is opened."""

    def __init__(self, error: AppError | None = None) -> None:
        self.reached = asyncio.Event()
        self.opened = asyncio.Event()
        self._error = error

    async def passed(self) -> None:
        """Wait; raises the error, if there is one."""
        self.reached.set()
        await self.opened.wait()
        if self._error is not None:
            raise self._error


class InMemoryPosts:
    """Posts, each a second younger than the one before; cursors are `after:<id>`.

    `asked` counts single reads, which wait at the `gate` if there is one.
    """

    def __init__(self) -> None:
        self.posts: dict[int, Post] = {}
        self.counted: int | None = None
        self.asked = 0
        self.gate: Gate | None = None
        self._tags: dict[str, Tag] = {}
        self._ids = count(1)
        self._keys: dict[tuple[int, str], int] = {}
        self._now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    async def create(self, author_id: int, draft: PostDraft, *, idempotency_key: str) -> Post:
        known = self._keys.get((author_id, idempotency_key))
        if idempotency_key and known is not None:
            return self.posts[known]
        now = self._tick()
        post = Post(
            id=next(self._ids),
            author_id=author_id,
            title=draft.title,
            content=draft.content,
            tags=self._tagged(draft.tags),
            media=_attached(draft.media),
            created_at=now,
            updated_at=now,
        )
        self.posts[post.id] = post
        self._keys[author_id, idempotency_key] = post.id
        return post

    async def get(self, post_id: int) -> Post:
        self.asked += 1
        post = self.posts.get(post_id)
        if self.gate is not None:
            await self.gate.passed()
        if post is None:
            raise PostNotFound
        return post

    async def page(self, wanted: PostFilter, *, offset: int, limit: int, cursor: str) -> Page[Post]:
        found = [post for post in reversed(self.posts.values()) if _satisfies(post, wanted)]
        start = _after(found, cursor) if cursor else reachable(offset)
        items = found[start : start + limit]
        more = start + limit < len(found)
        total = len(found) if self.counted is None else self.counted
        return Page(
            tuple(items),
            total,
            f"after:{items[-1].id}" if items and more else "",
            total_is_estimate=total > _EXACT_TOTAL,
        )

    async def update(
        self, post_id: int, user_id: int, change: PostChange, expected: datetime | None = None
    ) -> Post:
        post = await self._owned(post_id, user_id, expected)
        self.posts[post_id] = replace(
            post,
            title=post.title if change.title is None else change.title,
            content=post.content if change.content is None else change.content,
            tags=post.tags if change.tags is None else self._tagged(change.tags),
            media=post.media if change.media is None else _attached(change.media),
            updated_at=self._tick(),
        )
        return self.posts[post_id]

    async def delete(self, post_id: int, user_id: int, expected: datetime | None = None) -> None:
        del self.posts[(await self._owned(post_id, user_id, expected)).id]

    async def _owned(self, post_id: int, user_id: int, expected: datetime | None) -> Post:
        post = self.posts.get(post_id)
        if post is None:
            raise PostNotFound
        if post.author_id != user_id:
            raise PermissionDenied
        if expected is not None and post.updated_at != expected:
            raise FailedPrecondition("precondition failed", code="PRECONDITION_FAILED")
        return post

    def _tagged(self, names: Sequence[str]) -> list[Tag]:
        return [
            self._tags.setdefault(name, Tag(len(self._tags) + 1, name))
            for name in dict.fromkeys(names)
        ]

    def _tick(self) -> datetime:
        self._now += timedelta(seconds=1)
        return self._now


def _attached(drafts: Sequence[MediaDraft]) -> list[Media]:
    media = [
        Media(place, draft.url, draft.type, draft.position or place, draft.description)
        for place, draft in enumerate(drafts, start=1)
    ]
    return sorted(media, key=lambda item: item.position)


def _satisfies(post: Post, wanted: PostFilter) -> bool:
    return (
        wanted.author_id in (None, post.author_id)
        and {tag.name for tag in post.tags}.issuperset(wanted.tags)
        and (wanted.created_after is None or post.created_at >= wanted.created_after)
        and (wanted.created_before is None or post.created_at <= wanted.created_before)
    )


def _after(posts: Sequence[Post], cursor: str) -> int:
    for place, post in enumerate(posts, start=1):
        if cursor == f"after:{post.id}":
            return place
    raise InvalidArgument(violations=[FieldViolation("cursor", "is not one of this list")])
