"""Who follows whom, from relation-service."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Final, TypeAlias, cast

from pinstack_proto.relation.v1 import relation_pb2
from pinstack_proto.relation.v1.relation_pb2_grpc import RelationServiceStub

from notification_service.domain.fan_out import Followers

_DEADLINE_SECONDS: Final = 10.0

Answers: TypeAlias = AsyncGenerator[relation_pb2.StreamFollowersResponse, None]


class GrpcFollowership:
    """Followers over relation.v1."""

    def __init__(self, stub: RelationServiceStub) -> None:
        self._stub = stub

    async def after(self, author_id: int, after_id: int, limit: int) -> Followers:
        request = relation_pb2.StreamFollowersRequest(
            followee_id=author_id, after_id=after_id, batch_size=limit
        )
        ids: list[int] = []
        call = self._stub.StreamFollowers(request, timeout=_DEADLINE_SECONDS)
        # A channel of the chassis makes it a generator; to close that is to cancel the call.
        async with aclosing(cast(Answers, call)) as answers:
            async for answer in answers:
                ids.extend(answer.follower_ids)
                if len(ids) >= limit:
                    return Followers(tuple(ids[:limit]), is_last=False)
        return Followers(tuple(ids), is_last=True)

    async def of_many(self, places: Sequence[tuple[int, int]], limit: int) -> list[Followers]:
        followees = [
            relation_pb2.FollowersAfter(followee_id=author_id, after_id=after_id)
            for author_id, after_id in places
        ]
        request = relation_pb2.BatchGetFollowerIdsRequest(followees=followees, limit=limit)
        answer = await self._stub.BatchGetFollowerIds(request, timeout=_DEADLINE_SECONDS)
        return [Followers(tuple(some.follower_ids), some.is_last) for some in answer.followers]
