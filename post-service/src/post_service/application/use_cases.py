"""What one can do with posts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeVar

from post_service.application.ports import Posts, UnitOfWork, Units
from post_service.domain.errors import Forbidden, PostNotFound, StalePost, TooManyIds
from post_service.domain.events import PostDeleted, PostUpdated
from post_service.domain.media import stem_of
from post_service.domain.models import (
    MediaDraft,
    NewPost,
    Place,
    Post,
    PostChange,
    PostFilter,
    PostPage,
    check_key,
)

T = TypeVar("T")

MOST_IDS: Final = 100
"""Posts that one batch may ask for: as many as one page of a list has at the most."""
REMOVED_AT_ONCE: Final = 500
"""Posts of a deleted author that go in one transaction."""


@dataclass(frozen=True, slots=True)
class Publications:
    """The use cases of posts. Addresses that begin with `media_url` are those of uploads."""

    posts: Posts
    units: Units
    media_url: str = ""

    async def create(self, post: NewPost, idempotency_key: str | None) -> Post:
        """A new post, or the one that the same author made before under the same key.

        Raises `AuthorGone` and `InvalidPost` (the key).
        """
        check_key(idempotency_key)
        media = self._recognised(post.media)
        return await self.units.publish(replace(post, media=media), idempotency_key)

    async def get(self, post_id: int) -> Post:
        """The post with this id. Raises `PostNotFound`."""
        return _found(await self.posts.get(post_id))

    async def get_many(self, post_ids: Sequence[int]) -> list[Post]:
        """Those of the ids that exist. Raises `TooManyIds` for more than `MOST_IDS`."""
        wanted = list(dict.fromkeys(post_ids))
        if len(wanted) > MOST_IDS:
            raise TooManyIds(MOST_IDS)
        return await self.posts.get_many(wanted) if wanted else []

    async def page(
        self, wanted: PostFilter, *, after: Place | None, offset: int, limit: int
    ) -> PostPage:
        """A page of the posts that satisfy every filter, newest first."""
        return await self.posts.page(wanted, after=after, offset=offset, limit=limit)

    async def update(
        self, post_id: int, change: PostChange, user_id: int, expected: datetime | None = None
    ) -> Post:
        """The post after the change; `expected` is the `updated_at` that it is based on.

        Raises `PostNotFound`, `Forbidden` (not the user's own) and `StalePost`.
        """
        async with self.units.begin() as unit:
            await _hold(unit, post_id, user_id, expected)
            if not change.is_empty():
                if change.media is not None:
                    change = replace(change, media=self._recognised(change.media))
                changed = await unit.change(post_id, change)
                unit.emit(PostUpdated(changed))
                return changed
        return await self.get(post_id)

    async def delete(self, post_id: int, user_id: int, expected: datetime | None = None) -> None:
        """Delete the post. Raises as `update`."""
        async with self.units.begin() as unit:
            await _hold(unit, post_id, user_id, expected)
            await unit.remove([post_id])
            unit.emit(PostDeleted(post_id, user_id))

    async def author_deleted(self, author_id: int) -> None:
        """Delete every post of an author who is gone; the same again ends what a crash has left."""
        async with self.units.begin() as unit:
            await unit.forget(author_id)
        while await self._remove_some_of(author_id):
            pass

    def _recognised(self, media: Sequence[MediaDraft]) -> tuple[MediaDraft, ...]:
        """The media, where one has the address of an upload with that upload's stem."""
        if not self.media_url:
            return tuple(media)
        return tuple(replace(item, stem=stem_of(item.url, self.media_url) or "") for item in media)

    async def _remove_some_of(self, author_id: int) -> bool:
        async with self.units.begin() as unit:
            some = await unit.some_of(author_id, REMOVED_AT_ONCE)
            for post_id in await unit.remove(some):
                unit.emit(PostDeleted(post_id, author_id))
        return len(some) == REMOVED_AT_ONCE


async def _hold(unit: UnitOfWork, post_id: int, user_id: int, expected: datetime | None) -> None:
    """Let nobody else change the post while the unit lasts, if the user may now."""
    held = _found(await unit.lock(post_id))
    if held.author_id != user_id:
        raise Forbidden
    if expected is not None and held.updated_at != expected:
        raise StalePost


def _found(found: T | None) -> T:
    if found is None:
        raise PostNotFound
    return found
