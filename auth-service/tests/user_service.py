"""user-service in this process, over the users in memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from google.protobuf.empty_pb2 import Empty
from pinstack_proto.user.v1 import user_pb2, user_pb2_grpc
from service_kit import grpc_server
from service_kit.config import GrpcSettings
from service_kit.errors import InvalidArgument, NotFound
from service_kit.grpc_server import Context
from service_kit.timestamps import timestamp_to_pb

from auth_service.domain.models import Profile
from tests.fakes.outside import MADE_AT, InMemoryUsers

SERVICE = user_pb2.DESCRIPTOR.services_by_name["UserService"]


class UserServicer(user_pb2_grpc.UserServiceServicer):
    """As much of user.v1.UserService as auth-service calls."""

    def __init__(self, users: InMemoryUsers) -> None:
        self._users = users

    async def CreateUser(
        self, request: user_pb2.CreateUserRequest, context: Context
    ) -> user_pb2.User:
        if "!" in request.username:
            raise InvalidArgument
        profile = Profile(
            request.username,
            request.email,
            request.full_name or None,
            request.bio or None,
            request.avatar_url or None,
        )
        made = await self._users.create(profile, request.idempotency_key)
        return self._user(made.id)

    async def DeleteUser(self, request: user_pb2.DeleteUserRequest, context: Context) -> Empty:
        if request.HasField("caller_id"):
            raise InvalidArgument
        self._user(request.id)
        await self._users.delete(request.id)
        return Empty()

    async def GetUser(self, request: user_pb2.GetUserRequest, context: Context) -> user_pb2.User:
        return self._user(request.id)

    async def GetUserByUsername(
        self, request: user_pb2.GetUserByUsernameRequest, context: Context
    ) -> user_pb2.User:
        if "@" in request.username:
            raise InvalidArgument
        return self._user(await self._users.find(request.username))

    async def GetUserByEmail(
        self, request: user_pb2.GetUserByEmailRequest, context: Context
    ) -> user_pb2.User:
        if "@" not in request.email:
            raise InvalidArgument
        return self._user(await self._users.find(request.email))

    def _user(self, user_id: int | None) -> user_pb2.User:
        profile = self._users.by_id.get(user_id or 0)
        if user_id is None or profile is None:
            raise NotFound("user not found", code="USER_NOT_FOUND")
        return user_pb2.User(
            id=user_id,
            username=profile.username,
            email=profile.email,
            created_at=timestamp_to_pb(MADE_AT),
        )


@asynccontextmanager
async def user_service(users: InMemoryUsers) -> AsyncIterator[str]:
    """The address of a user-service over `users` while the block runs."""
    servicer = UserServicer(users)  # type: ignore[abstract] # only what auth-service calls
    async with grpc_server.serve(
        ("127.0.0.1", 0),
        lambda server: user_pb2_grpc.add_UserServiceServicer_to_server(servicer, server),
        [SERVICE.full_name],
        GrpcSettings(),
        0,
    ) as server:
        yield f"127.0.0.1:{server.port}"
