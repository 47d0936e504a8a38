"""The people behind the ids, from user-service."""

from collections.abc import Sequence

from pinstack_proto.user.v1 import user_pb2
from pinstack_proto.user.v1.user_pb2_grpc import UserServiceStub

from relation_service.domain.models import Person


class GrpcUsers:
    """Users over user.v1, always in one batch."""

    def __init__(self, stub: UserServiceStub) -> None:
        self._stub = stub

    async def get_many(self, user_ids: Sequence[int]) -> dict[int, Person]:
        answer = await self._stub.BatchGetUsers(user_pb2.BatchGetUsersRequest(ids=user_ids))
        return {user.id: person_from_pb(user) for user in answer.users}


def person_from_pb(user: user_pb2.User) -> Person:
    """What a list shows of a user."""
    avatar_url = user.avatar_url if user.HasField("avatar_url") else None
    return Person(user.id, user.username, avatar_url)
