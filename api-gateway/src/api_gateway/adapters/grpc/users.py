"""Profiles from user-service."""

import asyncio
from collections.abc import Awaitable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import grpc
from pinstack_proto.user.v1 import user_pb2
from pinstack_proto.user.v1.user_pb2_grpc import UserServiceStub
from service_kit.batching import Loader
from service_kit.errors import NotFound
from service_kit.timestamps import optional_timestamp_to_pb, timestamp_from_pb

from api_gateway.domain.page import MAX_LIMIT, Page, PageRequest
from api_gateway.domain.user import ProfileChange, UserView

_MAX_SKIPPED: Final = 10_000
"""How far pages by number reach (compat); cursors reach everything."""


class GrpcUsers:
    """user.v1.UserService; reads by id of one event-loop tick are one BatchGetUsers."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = UserServiceStub(channel)
        self._loader: Loader[int, UserView] = Loader(self._fetch)

    async def get(self, user_id: int) -> UserView | None:
        return await self._loader.load(user_id)

    async def get_many(self, user_ids: Collection[int]) -> dict[int, UserView]:
        wanted = set(user_ids)
        users = await asyncio.gather(*map(self._loader.load, wanted))
        return {user.id: user for user in users if user is not None}

    async def _fetch(self, user_ids: Sequence[int]) -> dict[int, UserView]:
        answer = await self._stub.BatchGetUsers(user_pb2.BatchGetUsersRequest(ids=user_ids))
        return {user.id: user_from_pb(user) for user in answer.users}

    async def by_username(self, username: str) -> UserView | None:
        request = user_pb2.GetUserByUsernameRequest(username=username)
        return await _found(self._stub.GetUserByUsername(request))

    async def by_email(self, email: str) -> UserView | None:
        request = user_pb2.GetUserByEmailRequest(email=email)
        return await _found(self._stub.GetUserByEmail(request))

    async def page(self, request: PageRequest) -> Page[UserView]:
        if request.cursor or request.page == 1:
            return await self._after(request.cursor, request.limit)
        return await self._numbered(request)

    async def _numbered(self, request: PageRequest) -> Page[UserView]:
        """A page by its number: the service knows cursors only, so that what is before is read."""
        if request.offset > _MAX_SKIPPED:
            return replace(await self._after("", 1), items=(), next_cursor="")
        skipped, cursor = 0, ""
        while skipped < request.offset:
            step = min(MAX_LIMIT, request.offset - skipped)
            before = await self._after(cursor, step)
            skipped, cursor = skipped + step, before.next_cursor
            if not cursor:
                return replace(before, items=())
        return await self._after(cursor, request.limit)

    async def _after(self, cursor: str, limit: int) -> Page[UserView]:
        answer = await self._stub.ListUsers(user_pb2.ListUsersRequest(cursor=cursor, limit=limit))
        users = tuple(user_from_pb(user) for user in answer.users)
        return Page(users, answer.total, answer.next_cursor, answer.total_is_estimate)

    async def search(
        self, query: str, request: PageRequest, *, include_email: bool
    ) -> Page[UserView]:
        answer = await self._stub.SearchUsers(
            user_pb2.SearchUsersRequest(
                query=query,
                offset=request.offset,
                limit=request.limit,
                include_email=include_email,
            )
        )
        users = tuple(user_from_pb(user) for user in answer.users)
        return Page(users, answer.total, "", answer.total_is_estimate)

    async def update(
        self,
        caller_id: int,
        user_id: int,
        change: ProfileChange,
        expected: datetime | None = None,
    ) -> UserView:
        request = user_pb2.UpdateUserRequest(
            id=user_id,
            caller_id=caller_id,
            expected_updated_at=optional_timestamp_to_pb(expected),
            **dict(change.given()),
        )
        return user_from_pb(await self._stub.UpdateUser(request))

    async def update_avatar(
        self, caller_id: int, user_id: int, avatar_url: str, expected: datetime | None = None
    ) -> None:
        request = user_pb2.UpdateAvatarRequest(
            id=user_id,
            caller_id=caller_id,
            avatar_url=avatar_url,
            expected_updated_at=optional_timestamp_to_pb(expected),
        )
        await self._stub.UpdateAvatar(request)

    async def delete(self, caller_id: int, user_id: int, expected: datetime | None = None) -> None:
        request = user_pb2.DeleteUserRequest(
            id=user_id,
            caller_id=caller_id,
            expected_updated_at=optional_timestamp_to_pb(expected),
        )
        await self._stub.DeleteUser(request)


async def _found(answer: Awaitable[user_pb2.User]) -> UserView | None:
    try:
        return user_from_pb(await answer)
    except NotFound:
        return None


def user_from_pb(user: user_pb2.User) -> UserView:
    """A profile as the gateway knows it."""
    return UserView(
        user.id,
        user.username,
        user.email,
        timestamp_from_pb(user.created_at),
        timestamp_from_pb(user.updated_at),
        user.full_name if user.HasField("full_name") else None,
        user.bio if user.HasField("bio") else None,
        user.avatar_url if user.HasField("avatar_url") else None,
    )
