"""Servicer and stub of grpc.aio work together as their types say (mypy reads this file too)."""

from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from pinstack_proto.relation.v1 import relation_pb2 as pb
from pinstack_proto.relation.v1 import relation_pb2_grpc as rpc


class Followers(rpc.RelationServiceServicer):
    """Two RPCs do something; `context` is `object` wherever a method has no use for it."""

    async def Follow(self, request: pb.FollowRequest, context: object) -> pb.FollowResponse:
        return pb.FollowResponse()

    async def Unfollow(
        self, request: pb.UnfollowRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.UnfollowResponse:
        await context.abort(grpc.StatusCode.NOT_FOUND, "follow relation not found")

    async def GetFollowers(
        self, request: pb.GetFollowersRequest, context: object
    ) -> pb.GetFollowersResponse:
        return pb.GetFollowersResponse()

    async def GetFollowees(
        self, request: pb.GetFolloweesRequest, context: object
    ) -> pb.GetFolloweesResponse:
        return pb.GetFolloweesResponse()

    async def StreamFollowers(
        self, request: pb.StreamFollowersRequest, context: object
    ) -> AsyncIterator[pb.StreamFollowersResponse]:
        for last in range(request.after_id + 1, 4):
            yield pb.StreamFollowersResponse(follower_ids=[last], last_id=last)

    async def BatchGetFollowerIds(
        self, request: pb.BatchGetFollowerIdsRequest, context: object
    ) -> pb.BatchGetFollowerIdsResponse:
        return pb.BatchGetFollowerIdsResponse()

    async def CheckRelations(
        self, request: pb.CheckRelationsRequest, context: object
    ) -> pb.CheckRelationsResponse:
        return pb.CheckRelationsResponse(relations=[pb.Relation(user_id=i) for i in request.ids])


@pytest.fixture
async def stub() -> AsyncIterator[rpc.RelationServiceStub]:
    server = grpc.aio.server()
    rpc.add_RelationServiceServicer_to_server(Followers(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield rpc.RelationServiceStub(channel)
    await server.stop(grace=None)


async def test_a_unary_call_answers_its_message(stub: rpc.RelationServiceStub) -> None:
    answer = await stub.CheckRelations(pb.CheckRelationsRequest(ids=[7, 8]), timeout=5)

    assert [relation.user_id for relation in answer.relations] == [7, 8]


async def test_a_stream_is_iterated(stub: rpc.RelationServiceStub) -> None:
    call = stub.StreamFollowers(pb.StreamFollowersRequest(after_id=1), timeout=5)

    assert [batch.last_id async for batch in call] == [2, 3]


async def test_an_aborted_call_raises_its_status(stub: rpc.RelationServiceStub) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.Unfollow(pb.UnfollowRequest(), timeout=5)

    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
