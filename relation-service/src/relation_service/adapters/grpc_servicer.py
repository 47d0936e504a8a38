"""relation.v1.RelationService over the use cases: unpack, call, map."""

from collections.abc import AsyncIterator, Iterator
from typing import Final

from pinstack_proto.relation.v1 import relation_pb2, relation_pb2_grpc
from service_kit import metrics, pages
from service_kit.grpc_server import Context

from relation_service.application.use_cases import Relations
from relation_service.domain.models import (
    LARGEST_BATCH,
    Pair,
    PersonPage,
    Place,
    Relation,
    Window,
)

_BATCH: Final = 1000

ListRequest = relation_pb2.GetFollowersRequest | relation_pb2.GetFolloweesRequest


class RelationServicer(relation_pb2_grpc.RelationServiceServicer):
    """Relations, for whoever calls by gRPC."""

    def __init__(self, relations: Relations) -> None:
        self._relations = relations

    async def Follow(
        self, request: relation_pb2.FollowRequest, context: Context
    ) -> relation_pb2.FollowResponse:
        await self._relations.follow(Pair(request.follower_id, request.followee_id))
        metrics.FOLLOWS.labels("followed").inc()
        return relation_pb2.FollowResponse()

    async def Unfollow(
        self, request: relation_pb2.UnfollowRequest, context: Context
    ) -> relation_pb2.UnfollowResponse:
        await self._relations.unfollow(Pair(request.follower_id, request.followee_id))
        metrics.FOLLOWS.labels("unfollowed").inc()
        return relation_pb2.UnfollowResponse()

    async def GetFollowers(
        self, request: relation_pb2.GetFollowersRequest, context: Context
    ) -> relation_pb2.GetFollowersResponse:
        page = await self._relations.page("followers", request.followee_id, window_from_pb(request))
        return relation_pb2.GetFollowersResponse(
            followers=people_to_pb(page),
            total=page.total,
            next_cursor=cursor_of(page),
            total_is_estimate=page.total_is_estimate,
        )

    async def GetFollowees(
        self, request: relation_pb2.GetFolloweesRequest, context: Context
    ) -> relation_pb2.GetFolloweesResponse:
        page = await self._relations.page("followees", request.follower_id, window_from_pb(request))
        return relation_pb2.GetFolloweesResponse(
            followees=people_to_pb(page),
            total=page.total,
            next_cursor=cursor_of(page),
            total_is_estimate=page.total_is_estimate,
        )

    async def StreamFollowers(
        self, request: relation_pb2.StreamFollowersRequest, context: Context
    ) -> AsyncIterator[relation_pb2.StreamFollowersResponse]:
        size = min(max(request.batch_size, 0), LARGEST_BATCH) or _BATCH
        batches = self._relations.followers(request.followee_id, request.after_id, size)
        async for batch in batches:
            yield relation_pb2.StreamFollowersResponse(follower_ids=batch, last_id=batch[-1])

    async def BatchGetFollowerIds(
        self, request: relation_pb2.BatchGetFollowerIdsRequest, context: Context
    ) -> relation_pb2.BatchGetFollowerIdsResponse:
        places = [Place(one.followee_id, one.after_id) for one in request.followees]
        found = await self._relations.follower_ids(places, request.limit)
        return relation_pb2.BatchGetFollowerIdsResponse(
            followers=[
                relation_pb2.FollowerIds(follower_ids=some.ids, is_last=some.is_last)
                for some in found
            ]
        )

    async def CheckRelations(
        self, request: relation_pb2.CheckRelationsRequest, context: Context
    ) -> relation_pb2.CheckRelationsResponse:
        relations = await self._relations.check(request.user_id, request.ids)
        return relation_pb2.CheckRelationsResponse(relations=map(relation_to_pb, relations))


def window_from_pb(request: ListRequest) -> Window:
    """Which part of a list is asked for. Raises `InvalidArgument`."""
    limit = pages.checked_limit(request.limit)
    if request.cursor:
        (before,) = pages.decode_cursor(request.cursor, 1)
        return Window(limit, before=before)
    return Window(limit, offset=pages.offset(request.page, limit))


def cursor_of(page: PersonPage) -> str:
    """The cursor to the next part of a list; empty after the last."""
    return "" if page.last_follow_id is None else pages.encode_cursor(page.last_follow_id)


def people_to_pb(page: PersonPage) -> Iterator[relation_pb2.User]:
    """The people of a page as the contract has them."""
    for person in page.people:
        yield relation_pb2.User(
            follower_id=person.id, username=person.username, avatar_url=person.avatar_url
        )


def relation_to_pb(relation: Relation) -> relation_pb2.Relation:
    """How one stands to another, as the contract has it."""
    return relation_pb2.Relation(
        user_id=relation.user_id,
        following=relation.following,
        followed_by=relation.followed_by,
    )
