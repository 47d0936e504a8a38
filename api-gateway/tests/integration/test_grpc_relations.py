"""The client of relation-service, against one in this process."""

from collections.abc import AsyncIterator

import pytest
from pinstack_proto.relation.v1 import relation_pb2
from service_kit.errors import AlreadyExists, NotFound

from api_gateway.adapters.grpc.relations import GrpcRelations
from api_gateway.domain.page import PageRequest
from api_gateway.domain.relation import RelatedUser, Relation
from tests.fakes.upstream import Upstream, upstream

SERVICE = relation_pb2.DESCRIPTOR.services_by_name["RelationService"]
USERS = [
    relation_pb2.User(follower_id=3, username="cyd", avatar_url="https://img.example/c.png"),
    relation_pb2.User(follower_id=2, username="bob"),
]


@pytest.fixture
async def service() -> AsyncIterator[Upstream]:
    async with upstream(SERVICE) as there:
        yield there


async def test_who_follows_whom_is_sent_in_that_order(service: Upstream) -> None:
    service.answers = {
        "Follow": relation_pb2.FollowResponse(),
        "Unfollow": relation_pb2.UnfollowResponse(),
    }
    relations = GrpcRelations(service.channel)
    await relations.follow(1, 2)
    await relations.unfollow(1, 3)
    assert service.asked("Follow") == relation_pb2.FollowRequest(follower_id=1, followee_id=2)
    assert service.asked("Unfollow") == relation_pb2.UnfollowRequest(follower_id=1, followee_id=3)


async def test_a_refusal_keeps_its_kind_code_and_message(service: Upstream) -> None:
    service.answers["Follow"] = AlreadyExists("already following this user", code="FOLLOWING")
    with pytest.raises(AlreadyExists) as refusal:
        await GrpcRelations(service.channel).follow(1, 2)
    assert (refusal.value.code, refusal.value.message) == (
        "FOLLOWING",
        "already following this user",
    )


async def test_followers_come_with_their_names_and_where_to_go_on(service: Upstream) -> None:
    service.answers["GetFollowers"] = relation_pb2.GetFollowersResponse(
        followers=USERS, total=12_345, total_is_estimate=True, next_cursor="on"
    )
    page = await GrpcRelations(service.channel).followers(9, PageRequest(2, 30, "here"))
    assert service.asked("GetFollowers") == relation_pb2.GetFollowersRequest(
        followee_id=9, page=2, limit=30, cursor="here"
    )
    assert page.items == (
        RelatedUser(3, "cyd", "https://img.example/c.png"),
        RelatedUser(2, "bob", None),
    )
    assert (page.total, page.total_is_estimate, page.next_cursor) == (12_345, True, "on")


async def test_followees_are_those_of_the_follower(service: Upstream) -> None:
    service.answers["GetFollowees"] = relation_pb2.GetFolloweesResponse(followees=USERS, total=2)
    page = await GrpcRelations(service.channel).followees(9, PageRequest())
    assert service.asked("GetFollowees") == relation_pb2.GetFolloweesRequest(
        follower_id=9, page=1, limit=20
    )
    assert [user.id for user in page.items] == [3, 2]
    assert (page.total, page.total_is_estimate, page.next_cursor) == (2, False, "")


async def test_a_list_of_nobody_is_not_found(service: Upstream) -> None:
    service.answers["GetFollowers"] = NotFound("user not found", code="USER_NOT_FOUND")
    with pytest.raises(NotFound, match="user not found"):
        await GrpcRelations(service.channel).followers(9, PageRequest())


async def test_a_check_says_how_one_stands_to_each(service: Upstream) -> None:
    service.answers["CheckRelations"] = relation_pb2.CheckRelationsResponse(
        relations=[
            relation_pb2.Relation(user_id=2, following=True),
            relation_pb2.Relation(user_id=3, followed_by=True),
        ]
    )
    relations = await GrpcRelations(service.channel).check(1, [2, 3])
    assert service.asked("CheckRelations") == relation_pb2.CheckRelationsRequest(
        user_id=1, ids=[2, 3]
    )
    assert relations == [Relation(2, True, False), Relation(3, False, True)]
