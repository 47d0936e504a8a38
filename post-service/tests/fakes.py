"""The ports in memory."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

from post_service.domain.errors import AuthorGone
from post_service.domain.events import Event
from post_service.domain.models import (
    Held,
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
from tests.builders import NOW, announcement


class InMemoryPosts:
    """The posts of one process; commits what a unit of work did, or nothing of it."""

    def __init__(self) -> None:
        self.rows: dict[int, Post] = {}
        self.keys: dict[tuple[int, str], int] = {}
        self.deleted: set[int] = set()
        self.events: list[Event] = []
        self.reads: list[list[int]] = []
        self._tags: dict[str, Tag] = {}
        self._last_id = 0

    async def get(self, post_id: int) -> Post | None:
        self.reads.append([post_id])
        return self.rows.get(post_id)

    async def get_many(self, post_ids: Sequence[int]) -> list[Post]:
        self.reads.append(list(post_ids))
        return [self.rows[post_id] for post_id in post_ids if post_id in self.rows]

    async def page(
        self, wanted: PostFilter, *, after: Place | None, offset: int, limit: int
    ) -> PostPage:
        rows = [post for post in self.rows.values() if _satisfies(post, wanted)]
        rows.sort(key=_place, reverse=True)
        rest = [
            post for post in rows if after is None or _place(post) < (after.created_at, after.id)
        ]
        part = tuple(rest[offset : offset + limit])
        return PostPage(part, len(rest) > offset + limit, len(rows))

    @asynccontextmanager
    async def begin(self) -> "AsyncIterator[InMemoryUnit]":
        unit = InMemoryUnit(self)
        yield unit
        self.rows, self.keys, self.deleted = unit.rows, unit.keys, unit.deleted
        self.events += unit.events

    async def publish(self, post: NewPost, idempotency_key: str | None) -> Post:
        async with self.begin() as unit:
            made, is_new = unit.add(post, idempotency_key)
            if is_new:
                unit.emit(announcement(made))
        return made

    def next_id(self) -> int:
        """An identity; a rolled-back unit leaves a gap, as PostgreSQL does."""
        self._last_id += 1
        return self._last_id

    def tag(self, name: str) -> Tag:
        """The tag of a name; a new one the first time."""
        return self._tags.setdefault(name, Tag(len(self._tags) + 1, name))


class InMemoryUnit:
    """Changes to a copy, which its store takes over on a clean exit."""

    def __init__(self, store: InMemoryPosts) -> None:
        self._store = store
        self.rows = dict(store.rows)
        self.keys = dict(store.keys)
        self.deleted = set(store.deleted)
        self.events: list[Event] = []

    def add(self, post: NewPost, idempotency_key: str | None) -> tuple[Post, bool]:
        if post.author_id in self.deleted:
            raise AuthorGone
        key = (post.author_id, idempotency_key or "")
        if idempotency_key and key in self.keys:
            return self.rows[self.keys[key]], False
        made = self._made(post)
        self.rows[made.id] = made
        if idempotency_key:
            self.keys[key] = made.id
        return made, True

    async def lock(self, post_id: int) -> Held | None:
        post = self.rows.get(post_id)
        return None if post is None else Held(post.author_id, post.updated_at)

    async def change(self, post_id: int, change: PostChange) -> Post:
        before = self.rows[post_id]
        after = replace(
            before,
            title=before.title if change.title is None else change.title,
            content=before.content if change.content is None else change.content,
            tags=before.tags if change.tags is None else self._tags(change.tags),
            media=before.media if change.media is None else self._media(change.media),
            updated_at=before.updated_at + timedelta(seconds=1),
        )
        self.rows[post_id] = after
        return after

    async def remove(self, post_ids: Sequence[int]) -> list[int]:
        gone = [post_id for post_id in post_ids if self.rows.pop(post_id, None)]
        self.keys = {key: kept for key, kept in self.keys.items() if kept not in gone}
        return gone

    async def forget(self, author_id: int) -> None:
        self.deleted.add(author_id)

    async def some_of(self, author_id: int, most: int) -> list[int]:
        return [post.id for post in self.rows.values() if post.author_id == author_id][:most]

    def emit(self, event: Event) -> None:
        self.events.append(event)

    def _made(self, post: NewPost) -> Post:
        number = self._store.next_id()
        at = NOW + timedelta(microseconds=number)
        tags, media = self._tags(post.tags), self._media(post.media)
        return Post(number, post.author_id, post.title, post.content, tags, media, at, at)

    def _tags(self, names: Sequence[str]) -> tuple[Tag, ...]:
        return tuple(map(self._store.tag, names))

    def _media(self, drafts: Sequence[MediaDraft]) -> tuple[Media, ...]:
        by_position = sorted(drafts, key=lambda draft: draft.position)
        return tuple(
            Media(self._store.next_id(), d.url, d.type, d.position, d.description or None, NOW)
            for d in by_position
        )


def _place(post: Post) -> tuple[object, ...]:
    return post.created_at, post.id


def _satisfies(post: Post, wanted: PostFilter) -> bool:
    after, before = wanted.created_after, wanted.created_before
    return (
        wanted.author_id in (None, post.author_id)
        and set(wanted.tags) <= {tag.name for tag in post.tags}
        and (after is None or post.created_at >= after)
        and (before is None or post.created_at <= before)
    )
