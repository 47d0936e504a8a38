"""user.v1.UserService over the use cases: unpack, call, map."""

from datetime import datetime

from google.protobuf.empty_pb2 import Empty
from grpc import StatusCode
from pinstack_proto.user.v1 import user_pb2, user_pb2_grpc
from service_kit import pages
from service_kit.changes import ChangeLog
from service_kit.grpc_server import Context
from service_kit.timestamps import timestamp_from_pb, write_timestamp

from user_service.application.use_cases import Profiles
from user_service.domain.errors import FieldViolation, InvalidProfile
from user_service.domain.models import NewUser, ProfileChange, User, UserPage

Write = user_pb2.UpdateUserRequest | user_pb2.UpdateAvatarRequest | user_pb2.DeleteUserRequest


class UserServicer(user_pb2_grpc.UserServiceServicer):
    """Profiles, for whoever calls by gRPC."""

    def __init__(self, profiles: Profiles, changes: ChangeLog) -> None:
        self._profiles = profiles
        self._changes = changes

    async def CreateUser(
        self, request: user_pb2.CreateUserRequest, context: Context
    ) -> user_pb2.User:
        created = await self._profiles.create(
            new_user_from_pb(request), request.idempotency_key or None
        )
        return user_to_pb(created)

    async def GetUser(self, request: user_pb2.GetUserRequest, context: Context) -> user_pb2.User:
        return user_to_pb(await self._profiles.get(request.id))

    async def GetUserByUsername(
        self, request: user_pb2.GetUserByUsernameRequest, context: Context
    ) -> user_pb2.User:
        return user_to_pb(await self._profiles.by_username(request.username))

    async def GetUserByEmail(
        self, request: user_pb2.GetUserByEmailRequest, context: Context
    ) -> user_pb2.User:
        return user_to_pb(await self._profiles.by_email(request.email))

    async def UpdateUser(
        self, request: user_pb2.UpdateUserRequest, context: Context
    ) -> user_pb2.User:
        change = change_from_pb(request)
        updated = await self._profiles.update(
            request.id, change, caller_of(request), expected_by(request)
        )
        return user_to_pb(updated)

    async def UpdateAvatar(self, request: user_pb2.UpdateAvatarRequest, context: Context) -> Empty:
        change = ProfileChange(avatar_url=request.avatar_url)
        await self._profiles.update(request.id, change, caller_of(request), expected_by(request))
        return Empty()

    async def DeleteUser(self, request: user_pb2.DeleteUserRequest, context: Context) -> Empty:
        await self._profiles.delete(request.id, caller_of(request), expected_by(request))
        return Empty()

    async def SearchUsers(
        self, request: user_pb2.SearchUsersRequest, context: Context
    ) -> user_pb2.SearchUsersResponse:
        page = await self._profiles.search(
            request.query,
            with_email=request.include_email,
            offset=pages.checked_offset(request.offset),
            limit=pages.checked_limit(request.limit),
        )
        return user_pb2.SearchUsersResponse(
            users=map(user_to_pb, page.users),
            total=page.total,
            total_is_estimate=page.total_is_estimate,
        )

    async def UpdatePassword(
        self, request: user_pb2.UpdatePasswordRequest, context: Context
    ) -> Empty:
        await context.abort(StatusCode.UNIMPLEMENTED, "credentials live in auth.v1.AuthService")

    async def BatchGetUsers(
        self, request: user_pb2.BatchGetUsersRequest, context: Context
    ) -> user_pb2.BatchGetUsersResponse:
        message = user_pb2.BatchGetUsersResponse()
        for user in await self._profiles.get_many(request.ids):
            write_user(message.users.add(), user)
        return message

    async def ListUsers(
        self, request: user_pb2.ListUsersRequest, context: Context
    ) -> user_pb2.ListUsersResponse:
        limit = pages.checked_limit(request.limit)
        (after,) = pages.decode_cursor(request.cursor, 1) if request.cursor else (0,)
        return list_to_pb(await self._profiles.list(after, limit))

    async def ListUserChanges(
        self, request: user_pb2.ListUserChangesRequest, context: Context
    ) -> user_pb2.ListUserChangesResponse:
        found = await self._changes.since(request.cursor)
        return user_pb2.ListUserChangesResponse(
            user_ids=found.keys, cursor=found.cursor, is_reset=found.is_reset
        )


def caller_of(request: Write) -> int | None:
    """Who asks for a change; None for a service on its own behalf."""
    return request.caller_id if request.HasField("caller_id") else None


def expected_by(request: Write) -> datetime | None:
    """The version that a change is based on; None for any. Raises `InvalidProfile`."""
    if not request.HasField("expected_updated_at"):
        return None
    try:
        return timestamp_from_pb(request.expected_updated_at)
    except ValueError as error:
        violation = FieldViolation("expected_updated_at", "must be of the years 1 to 9999")
        raise InvalidProfile(violations=[violation]) from error


def new_user_from_pb(request: user_pb2.CreateUserRequest) -> NewUser:
    """A profile to be, from a request. Raises `InvalidProfile`."""
    return NewUser(
        username=request.username,
        email=request.email,
        full_name=request.full_name or None,
        bio=request.bio or None,
        avatar_url=request.avatar_url or None,
    )


def change_from_pb(request: user_pb2.UpdateUserRequest) -> ProfileChange:
    """What a request changes. Raises `InvalidProfile`."""
    return ProfileChange(
        username=request.username if request.HasField("username") else None,
        email=request.email if request.HasField("email") else None,
        full_name=request.full_name if request.HasField("full_name") else None,
        bio=request.bio if request.HasField("bio") else None,
    )


def user_to_pb(user: User) -> user_pb2.User:
    """A user as the contract has it."""
    message = user_pb2.User()
    write_user(message, user)
    return message


def write_user(message: user_pb2.User, user: User) -> None:
    """A user into a message that is empty and in its place: adding one to a list copies it."""
    message.id = user.id
    message.username = user.username
    message.email = user.email
    if user.full_name is not None:
        message.full_name = user.full_name
    if user.bio is not None:
        message.bio = user.bio
    if user.avatar_url is not None:
        message.avatar_url = user.avatar_url
    write_timestamp(message.created_at, user.created_at)
    write_timestamp(message.updated_at, user.updated_at)


def list_to_pb(page: UserPage) -> user_pb2.ListUsersResponse:
    """A page of all users; one that is not the last has a cursor to the next."""
    return user_pb2.ListUsersResponse(
        users=map(user_to_pb, page.users),
        next_cursor=pages.encode_cursor(page.users[-1].id) if page.has_more else "",
        total=page.total,
        total_is_estimate=page.total_is_estimate,
    )
