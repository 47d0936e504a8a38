"""The people behind the ids, from user-service."""

from collections.abc import Collection, Mapping
from typing import Final

from pinstack_proto.user.v1 import user_pb2
from pinstack_proto.user.v1.user_pb2_grpc import UserServiceStub

_MOST_IDS: Final = 1000


class GrpcUsers:
    """Users over user.v1, always in batches."""

    def __init__(self, stub: UserServiceStub) -> None:
        self._stub = stub

    async def usernames(self, user_ids: Collection[int]) -> Mapping[int, str]:
        names: dict[int, str] = {}
        ids = list(user_ids)
        for start in range(0, len(ids), _MOST_IDS):
            request = user_pb2.BatchGetUsersRequest(ids=ids[start : start + _MOST_IDS])
            answer = await self._stub.BatchGetUsers(request)
            names.update((user.id, user.username) for user in answer.users)
        return names
