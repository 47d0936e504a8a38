"""Relations: following, unfollowing, who follows whom."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated, Final, TypeAlias

from fastapi import Query

from api_gateway.adapters.http.answer import Answer, ok
from api_gateway.adapters.http.call import Call
from api_gateway.adapters.http.operations import (
    USER_NOT_FOUND,
    Access,
    Hot,
    Refusal,
    Success,
    operation,
)
from api_gateway.adapters.http.schemas import fields
from api_gateway.adapters.http.schemas.envelopes import MessageData
from api_gateway.adapters.http.schemas.pages import page_content
from api_gateway.adapters.http.schemas.relation import (
    PAGE_EXAMPLE,
    USER_EXAMPLE,
    CheckQuery,
    FolloweeBody,
    FolloweesData,
    FollowersData,
    RelatedUsersQuery,
    RelationsData,
    related_user_content,
    relation_content,
)
from api_gateway.application.deep_pages import within_reach
from api_gateway.application.relations import Relations
from api_gateway.domain.cursor import Cursors
from api_gateway.domain.page import Page, PageRequest
from api_gateway.domain.relation import RelatedUser

_Read: TypeAlias = Callable[[int, PageRequest], Awaitable[Page[RelatedUser]]]

_FOLLOWED: Final = "Followed successfully"
_UNFOLLOWED: Final = "Unfollowed successfully"


class RelationRoutes:
    """Operations on /relation."""

    def __init__(self, relations: Relations, cursors: Cursors) -> None:
        self._relations = relations
        self._cursors = cursors

    @operation(
        "POST",
        "/relation/follow",
        "follow",
        "Follow a user",
        access=Access.TOKEN,
        success=Success(200, MessageData, {"message": _FOLLOWED}, _FOLLOWED),
        errors=(
            Refusal(400, "CANNOT_FOLLOW_YOURSELF", "cannot follow yourself"),
            USER_NOT_FOUND,
            Refusal(409, "ALREADY_FOLLOWING", "already following this user"),
        ),
        example={"followee_id": 7},
    )
    async def follow(self, call: Call, body: FolloweeBody) -> Answer:
        """The followed user is notified."""
        call.concerns = body.followee_id
        await self._relations.follow(call.caller.user_id, body.followee_id)
        return ok({"message": _FOLLOWED}, _FOLLOWED)

    @operation(
        "POST",
        "/relation/unfollow",
        "unfollow",
        "Follow a user no longer",
        access=Access.TOKEN,
        success=Success(200, MessageData, {"message": _UNFOLLOWED}, _UNFOLLOWED),
        errors=(
            Refusal(400, "CANNOT_UNFOLLOW_YOURSELF", "cannot unfollow yourself"),
            Refusal(404, "FOLLOW_NOT_FOUND", "follow relation not found"),
        ),
        example={"followee_id": 7},
    )
    async def unfollow(self, call: Call, body: FolloweeBody) -> Answer:
        """A notification of the follow that is still unread is withdrawn."""
        call.concerns = body.followee_id
        await self._relations.unfollow(call.caller.user_id, body.followee_id)
        return ok({"message": _UNFOLLOWED}, _UNFOLLOWED)

    @operation(
        "GET",
        "/relation/{user_id}/followers",
        "listFollowers",
        "Who follows a user, the latest first",
        access=Access.READ,
        success=Success(
            200, FollowersData, {"followers": [USER_EXAMPLE], **PAGE_EXAMPLE}, "followers found"
        ),
        errors=(USER_NOT_FOUND,),
        hot=Hot.SHARED,
    )
    async def followers(
        self, call: Call, user_id: fields.TextId, query: Annotated[RelatedUsersQuery, Query()]
    ) -> Answer:
        """A page of a user's followers."""
        return await self._page(call, user_id, query, "followers", self._relations.followers)

    @operation(
        "GET",
        "/relation/{user_id}/followees",
        "listFollowees",
        "Whom a user follows, the latest first",
        access=Access.READ,
        success=Success(
            200, FolloweesData, {"followees": [USER_EXAMPLE], **PAGE_EXAMPLE}, "followees found"
        ),
        errors=(USER_NOT_FOUND,),
        hot=Hot.SHARED,
    )
    async def followees(
        self, call: Call, user_id: fields.TextId, query: Annotated[RelatedUsersQuery, Query()]
    ) -> Answer:
        """A page of those whom a user follows."""
        return await self._page(call, user_id, query, "followees", self._relations.followees)

    @operation(
        "GET",
        "/relation/check",
        "checkRelations",
        "How one stands to other users",
        access=Access.TOKEN,
        success=Success(
            200,
            RelationsData,
            {"relations": [{"user_id": 7, "following": True, "followed_by": False}]},
            "relations found",
        ),
    )
    async def check(self, call: Call, query: Annotated[CheckQuery, Query()]) -> Answer:
        """Whether the caller follows each user, and is followed; nobody follows who is not."""
        found = await self._relations.check(call.caller.user_id, query.ids)
        return ok({"relations": [relation_content(one) for one in found]}, "relations found")

    async def _page(
        self, call: Call, user_id: int, query: RelatedUsersQuery, name: str, read: _Read
    ) -> Answer:
        kind = f"{name}:{user_id}"
        request = query.request(self._cursors.open(kind, query.cursor))
        found = await within_reach(request, partial(read, user_id))
        next_cursor = self._cursors.seal(kind, found.next_cursor)
        content = {
            name: [related_user_content(user) for user in found.items],
            **page_content(found, next_cursor, page=query.page, limit=query.limit),
        }
        answer = ok(content, f"{name} found", next_link=call.next_link(next_cursor))
        answer.about = user_id
        return answer
