"""What the use cases need from outside."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from post_service.domain.events import PostEvent
from post_service.domain.models import (
    Held,
    NewPost,
    Place,
    Post,
    PostChange,
    PostFilter,
    PostPage,
)


class Posts(Protocol):
    """The posts there are."""

    async def get(self, post_id: int) -> Post | None:
        """The post with this id."""
        ...

    async def get_many(self, post_ids: Sequence[int]) -> list[Post]:
        """Those of the ids that exist, in no particular order."""
        ...

    async def page(
        self, wanted: PostFilter, *, after: Place | None, offset: int, limit: int
    ) -> PostPage:
        """The `limit` posts of a list, newest first, that follow a place and `offset` rows more."""
        ...


class UnitOfWork(Protocol):
    """Changes that take effect together with their announcement, or not at all."""

    async def lock(self, post_id: int) -> Held | None:
        """Whose post it is and its version; nobody else changes it until this unit ends."""
        ...

    async def change(self, post_id: int, change: PostChange) -> Post:
        """The post afterwards; lock it first."""
        ...

    async def remove(self, post_ids: Sequence[int]) -> list[int]:
        """Delete posts; the ids of those that there were."""
        ...

    async def forget(self, author_id: int) -> None:
        """Let this author publish no more."""
        ...

    async def some_of(self, author_id: int, most: int) -> list[int]:
        """The ids of up to `most` posts of an author."""
        ...

    def emit(self, event: PostEvent) -> None:
        """Announce an event when this unit of work is committed."""
        ...


class Units(Protocol):
    """Where units of work begin."""

    def begin(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """A unit that commits on a clean exit and rolls back on any exception."""
        ...

    async def publish(self, post: NewPost, idempotency_key: str | None) -> Post:
        """The new post, announced by `PostCreated` as a unit of its own.

        Or the author's earlier one of this key, of which nothing is announced. Raises `AuthorGone`.
        """
        ...
