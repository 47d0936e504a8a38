"""Relations, over gRPC from relation-service."""

from collections.abc import Iterable, Sequence

import grpc
from pinstack_proto.relation.v1 import relation_pb2
from pinstack_proto.relation.v1.relation_pb2_grpc import RelationServiceStub

from api_gateway.domain.page import Page, PageRequest
from api_gateway.domain.relation import RelatedUser, Relation


class GrpcRelations:
    """Relations of relation-service."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = RelationServiceStub(channel)

    async def follow(self, follower_id: int, followee_id: int) -> None:
        await self._stub.Follow(
            relation_pb2.FollowRequest(follower_id=follower_id, followee_id=followee_id)
        )

    async def unfollow(self, follower_id: int, followee_id: int) -> None:
        await self._stub.Unfollow(
            relation_pb2.UnfollowRequest(follower_id=follower_id, followee_id=followee_id)
        )

    async def followers(self, user_id: int, request: PageRequest) -> Page[RelatedUser]:
        asked = relation_pb2.GetFollowersRequest(
            followee_id=user_id, page=request.page, limit=request.limit, cursor=request.cursor
        )
        answer = await self._stub.GetFollowers(asked)
        return related_user_page_from_pb(answer, answer.followers)

    async def followees(self, user_id: int, request: PageRequest) -> Page[RelatedUser]:
        asked = relation_pb2.GetFolloweesRequest(
            follower_id=user_id, page=request.page, limit=request.limit, cursor=request.cursor
        )
        answer = await self._stub.GetFollowees(asked)
        return related_user_page_from_pb(answer, answer.followees)

    async def check(self, user_id: int, ids: Sequence[int]) -> Sequence[Relation]:
        request = relation_pb2.CheckRelationsRequest(user_id=user_id, ids=ids)
        answer = await self._stub.CheckRelations(request)
        return [relation_from_pb(relation) for relation in answer.relations]


def related_user_from_pb(message: relation_pb2.User) -> RelatedUser:
    """One end of a relation; the field's name is `follower_id` in lists of followees too."""
    return RelatedUser(
        id=message.follower_id,
        username=message.username,
        avatar_url=message.avatar_url if message.HasField("avatar_url") else None,
    )


def related_user_page_from_pb(
    message: relation_pb2.GetFollowersResponse | relation_pb2.GetFolloweesResponse,
    users: Iterable[relation_pb2.User],
) -> Page[RelatedUser]:
    """A page of followers or followees, which the two answers name differently."""
    return Page(
        items=tuple(related_user_from_pb(user) for user in users),
        total=message.total,
        total_is_estimate=message.total_is_estimate,
        next_cursor=message.next_cursor,
    )


def relation_from_pb(message: relation_pb2.Relation) -> Relation:
    """How the asking user stands to another."""
    return Relation(message.user_id, message.following, message.followed_by)
