"""The users behind the accounts, from user-service."""

from pinstack_proto.user.v1 import user_pb2
from pinstack_proto.user.v1.user_pb2_grpc import UserServiceStub
from service_kit.errors import InvalidArgument, NotFound
from service_kit.timestamps import timestamp_from_pb

from auth_service.domain.models import MadeUser, Profile


class GrpcUsers:
    """Users over user.v1; its errors pass unchanged."""

    def __init__(self, stub: UserServiceStub) -> None:
        self._stub = stub

    async def create(self, profile: Profile, idempotency_key: str) -> MadeUser:
        request = user_pb2.CreateUserRequest(
            username=profile.username,
            email=profile.email,
            full_name=profile.full_name,
            bio=profile.bio,
            avatar_url=profile.avatar_url,
            idempotency_key=idempotency_key,
        )
        made = await self._stub.CreateUser(request)
        return MadeUser(made.id, timestamp_from_pb(made.created_at))

    async def delete(self, user_id: int) -> None:
        try:
            await self._stub.DeleteUser(user_pb2.DeleteUserRequest(id=user_id))
        except NotFound:
            return

    async def find(self, login: str) -> int | None:
        try:
            return (await self._by_login(login)).id
        except (NotFound, InvalidArgument):
            return None

    async def names(self, user_id: int) -> tuple[str, ...]:
        try:
            user = await self._stub.GetUser(user_pb2.GetUserRequest(id=user_id))
        except NotFound:
            return ()
        return user.username, user.email

    async def _by_login(self, login: str) -> user_pb2.User:
        """No username has an @ in it, and every e-mail has."""
        if "@" in login:
            return await self._stub.GetUserByEmail(user_pb2.GetUserByEmailRequest(email=login))
        request = user_pb2.GetUserByUsernameRequest(username=login)
        return await self._stub.GetUserByUsername(request)
