"""What has changed in user-service and post-service, over gRPC."""

import asyncio
from typing import Final

import grpc
from pinstack_proto.post.v1 import post_pb2
from pinstack_proto.post.v1.post_pb2_grpc import PostServiceStub
from pinstack_proto.user.v1 import user_pb2
from pinstack_proto.user.v1.user_pb2_grpc import UserServiceStub
from service_kit import logs
from service_kit.errors import AppError

from api_gateway.application.changes import Changed, KnownChanges

_PAUSE_SECONDS: Final = 0.25


async def follow(changes: KnownChanges, of: str) -> None:
    """Ask again and again, forever; a service that is away is asked until it is back."""
    is_away = False
    while True:
        try:
            await changes.read()
            is_away = False
        except AppError as error:
            if not is_away:
                logs.get(__name__).warning("changes are not known", of=of, reason=error.code)
            is_away = True
        await asyncio.sleep(_PAUSE_SECONDS)


class GrpcUserChanges:
    """Whose profiles have changed."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = UserServiceStub(channel)

    async def since(self, cursor: str) -> Changed:
        request = user_pb2.ListUserChangesRequest(cursor=cursor)
        found = await self._stub.ListUserChanges(request)
        return Changed(tuple(found.user_ids), found.cursor, found.is_reset)


class GrpcPostChanges:
    """Whose posts have changed."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = PostServiceStub(channel)

    async def since(self, cursor: str) -> Changed:
        request = post_pb2.ListPostChangesRequest(cursor=cursor)
        found = await self._stub.ListPostChanges(request)
        return Changed(tuple(found.author_ids), found.cursor, found.is_reset)
