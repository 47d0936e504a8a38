"""Posts: published, read, listed, changed, deleted."""

from datetime import datetime
from typing import Annotated, Final

from fastapi import Query

from api_gateway.adapters.http.answer import Answer, created, ok
from api_gateway.adapters.http.call import Call
from api_gateway.adapters.http.conditional import entity_tag, require_match
from api_gateway.adapters.http.operations import (
    FORBIDDEN,
    MEDIA_NOT_FOUND,
    Access,
    Hot,
    Refusal,
    Success,
    operation,
)
from api_gateway.adapters.http.schemas import fields
from api_gateway.adapters.http.schemas.pages import page_content
from api_gateway.adapters.http.schemas.post_bodies import (
    BODY_EXAMPLE,
    NewPostBody,
    PostChangeBody,
    PostsQuery,
)
from api_gateway.adapters.http.schemas.posts import (
    EXAMPLE,
    FLAT_EXAMPLE,
    FlatPostData,
    PostData,
    PostsData,
    flat_post_content,
    post_content,
)
from api_gateway.adapters.http.upstream_key import upstream_key
from api_gateway.application.posts import AuthoredPosts
from api_gateway.domain.cursor import Cursors

_LIST: Final = "posts"
_NOT_FOUND: Final = Refusal(404, "POST_NOT_FOUND", "post not found")


class PostRoutes:
    """Operations on /posts."""

    def __init__(self, posts: AuthoredPosts, cursors: Cursors) -> None:
        self._posts = posts
        self._cursors = cursors

    @operation(
        "POST",
        "/posts",
        "createPost",
        "Publish a post",
        access=Access.TOKEN,
        success=Success(201, FlatPostData, FLAT_EXAMPLE, "post created"),
        errors=(MEDIA_NOT_FOUND,),
        example=BODY_EXAMPLE,
    )
    async def create(self, call: Call, body: NewPostBody) -> Answer:
        """Publish a post; everyone who follows the caller is notified."""
        draft = body.draft()
        made = await self._posts.publish(
            call.caller.user_id, draft, idempotency_key=upstream_key(call, draft)
        )
        return created(flat_post_content(made), "post created")

    @operation(
        "GET",
        "/posts/list",
        "listPosts",
        "Posts, newest first",
        access=Access.READ,
        success=Success(200, PostsData, {"posts": [EXAMPLE], "total": 1}, "posts found"),
        hot=Hot.SHARED,
    )
    async def page(self, call: Call, query: Annotated[PostsQuery, Query()]) -> Answer:
        """Posts that satisfy every filter, both moments included.

        A cursor goes before an offset, an offset before a page number.
        """
        cursor = self._cursors.open(_LIST, query.cursor)
        wanted = query.filter()
        found = await self._posts.page(
            wanted, offset=query.rows_before(), limit=query.limit, cursor=cursor
        )
        next_cursor = self._cursors.seal(_LIST, found.next_cursor)
        posts = [post_content(one) for one in found.items]
        content = {"posts": posts, **page_content(found, next_cursor)}
        answer = ok(content, "posts found", next_link=call.next_link(next_cursor))
        answer.about, answer.alone = wanted.author_id, wanted.author_id is not None
        return answer

    @operation(
        "GET",
        "/posts/{post_id}",
        "getPost",
        "One post",
        access=Access.READ,
        success=Success(200, PostData, EXAMPLE, "post found"),
        errors=(_NOT_FOUND,),
        hot=Hot.SHARED,
    )
    async def get(self, post_id: fields.TextId) -> Answer:
        """A post with its author."""
        found = await self._posts.get(post_id)
        answer = ok(post_content(found), "post found")
        answer.about, answer.alone = found.post.author_id, True
        return answer

    @operation(
        "PUT",
        "/posts/{post_id}",
        "updatePost",
        "Change a post of one's own",
        access=Access.TOKEN,
        success=Success(200, PostData, EXAMPLE, "post updated"),
        errors=(FORBIDDEN, _NOT_FOUND, MEDIA_NOT_FOUND),
        conditional=True,
        example={"title": "Harbour at noon", "content": "", "tags": []},
    )
    async def update(self, call: Call, post_id: fields.TextId, body: PostChangeBody) -> Answer:
        """An absent part stays as it is, a given one is replaced; `[]` and `""` clear it."""
        expected = await self._seen(call, post_id)
        changed = await self._posts.change(post_id, call.caller.user_id, body.change(), expected)
        answer = ok(post_content(changed), "post updated")
        return answer.add("etag", entity_tag(answer.data))

    @operation(
        "DELETE",
        "/posts/{post_id}",
        "deletePost",
        "Delete a post of one's own",
        access=Access.TOKEN,
        success=Success(200, message="post deleted"),
        errors=(FORBIDDEN, _NOT_FOUND),
        conditional=True,
    )
    async def delete(self, call: Call, post_id: fields.TextId) -> Answer:
        """The post, its media and what was told of it to others."""
        expected = await self._seen(call, post_id)
        await self._posts.delete(post_id, call.caller.user_id, expected)
        return ok(message="post deleted")

    async def _seen(self, call: Call, post_id: int) -> datetime | None:
        """The version of the post that the caller has seen, where If-Match names one.

        Raises Stale where the post is no longer what it names.
        """
        if call.field("if-match") is None:
            return None
        current = await self._posts.owned(post_id, call.caller.user_id)
        return current.post.updated_at if require_match(call, post_content(current)) else None
