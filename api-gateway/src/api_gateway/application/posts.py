"""Posts joined with their authors."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from service_kit.errors import PermissionDenied, Unauthenticated

from api_gateway.application.deep_pages import DEEPEST_ROW, emptied
from api_gateway.domain.page import Page
from api_gateway.domain.post import (
    DELETED_AUTHOR,
    Author,
    AuthoredPost,
    Post,
    PostChange,
    PostDraft,
    PostFilter,
)
from api_gateway.domain.user import UserView


class Posts(Protocol):
    """The port onto post-service.

    Every method raises `Unavailable` or `DeadlineExceeded` where post-service is not reached.
    """

    async def create(self, author_id: int, draft: PostDraft, *, idempotency_key: str) -> Post:
        """Publish a post; the same key, where it is not empty, returns the same post again."""
        ...

    async def get(self, post_id: int) -> Post:
        """One post. Raises PostNotFound."""
        ...

    async def page(self, wanted: PostFilter, *, offset: int, limit: int, cursor: str) -> Page[Post]:
        """A page of posts, newest first; `offset` is ignored where a cursor is given.

        Raises InvalidArgument for a bad cursor.
        """
        ...

    async def update(
        self, post_id: int, user_id: int, change: PostChange, expected: datetime | None = None
    ) -> Post:
        """Change a post. Raises PostNotFound, PermissionDenied unless the user wrote it.

        FailedPrecondition where its `updated_at` is not the `expected` one.
        """
        ...

    async def delete(self, post_id: int, user_id: int, expected: datetime | None = None) -> None:
        """Delete a post. Raises as `update`."""
        ...


class Authors(Protocol):
    """What posts need of the port `Users`."""

    async def get(self, user_id: int) -> UserView | None:
        """The profile of `user_id`."""
        ...

    async def get_many(self, user_ids: Collection[int]) -> dict[int, UserView]:
        """The profiles among `user_ids` that exist, by id."""
        ...


class AuthoredPosts:
    """What a client does with posts: each is shown with its author.

    All methods raise what the ports raise. An author whose account is gone is `DELETED_AUTHOR`.
    """

    def __init__(self, posts: Posts, authors: Authors) -> None:
        self._posts = posts
        self._authors = authors

    async def get(self, post_id: int) -> AuthoredPost:
        """One post."""
        post = await self._posts.get(post_id)
        return AuthoredPost(post, _author(await self._authors.get(post.author_id)))

    async def page(
        self, wanted: PostFilter, *, offset: int, limit: int, cursor: str
    ) -> Page[AuthoredPost]:
        """A page of posts, with one request for all their authors.

        An offset that is too deep gets an empty one.
        """
        too_deep = not cursor and offset > DEEPEST_ROW
        rows = 0 if too_deep else offset
        page = await self._posts.page(wanted, offset=rows, limit=limit, cursor=cursor)
        if too_deep:
            page = emptied(page)
        ids = {post.author_id for post in page.items}
        users = await self._authors.get_many(sorted(ids)) if ids else {}
        return Page(
            tuple(AuthoredPost(post, _author(users.get(post.author_id))) for post in page.items),
            page.total,
            page.next_cursor,
            page.total_is_estimate,
        )

    async def publish(
        self, author_id: int, draft: PostDraft, *, idempotency_key: str = ""
    ) -> AuthoredPost:
        """Publish a post of the caller. Raises Unauthenticated where its account is gone."""
        author = await self._caller(author_id)
        post = await self._posts.create(author_id, draft, idempotency_key=idempotency_key)
        return AuthoredPost(post, author)

    async def change(
        self, post_id: int, caller_id: int, change: PostChange, expected: datetime | None = None
    ) -> AuthoredPost:
        """Change a post of the caller. Raises as `publish` and as `owned`.

        FailedPrecondition where it is not as it was at its update of `expected`.
        """
        author = await self._caller(caller_id)
        return AuthoredPost(await self._posts.update(post_id, caller_id, change, expected), author)

    async def delete(self, post_id: int, caller_id: int, expected: datetime | None = None) -> None:
        """Delete a post of the caller. Raises as `owned` and as `change`."""
        await self._posts.delete(post_id, caller_id, expected)

    async def owned(self, post_id: int, caller_id: int) -> AuthoredPost:
        """A post that is the caller's own. Raises PostNotFound, PermissionDenied."""
        found = await self.get(post_id)
        if found.post.author_id != caller_id:
            raise PermissionDenied
        return found

    async def _caller(self, user_id: int) -> Author:
        """The caller as an author, looked up before anything is written.

        A user-service that is away then leaves no post behind whose answer was an error.
        """
        user = await self._authors.get(user_id)
        if user is None:
            raise Unauthenticated
        return _author(user)


def _author(user: UserView | None) -> Author:
    if user is None:
        return DELETED_AUTHOR
    return Author(user.id, user.username, user.full_name, user.avatar_url)
