"""A gateway's end of a live stream."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeAlias

import grpc
from pinstack_proto.notification.v1 import notification_pb2 as pb
from pinstack_proto.notification.v1.notification_pb2_grpc import NotificationServiceStub

SUBSCRIBE = pb.SubscribeRequest
Call: TypeAlias = "grpc.aio.StreamStreamCall[pb.SubscribeRequest, pb.SubscribeResponse]"


class Listener:
    """A gateway's end of a stream."""

    def __init__(self, call: Call) -> None:
        self._call = call

    async def subscribe(self, *user_ids: int) -> None:
        await self._call.write(SUBSCRIBE(subscribe=SUBSCRIBE.Subscribe(user_ids=user_ids)))

    async def unsubscribe(self, *user_ids: int) -> None:
        await self._call.write(SUBSCRIBE(unsubscribe=SUBSCRIBE.Unsubscribe(user_ids=user_ids)))

    async def frames(self, count: int) -> list[pb.SubscribeResponse]:
        """The next frames, heartbeats left out."""
        found: list[pb.SubscribeResponse] = []
        async with asyncio.timeout(10):
            while len(found) < count:
                frame = await self.any_frame()
                if not frame.HasField("heartbeat"):
                    found.append(frame)
        return found

    async def any_frame(self) -> pb.SubscribeResponse:
        """The next frame, a heartbeat too. Raises `AioRpcError` where the stream has ended."""
        frame = await self._call.read()
        assert isinstance(frame, pb.SubscribeResponse)
        return frame

    async def status(self) -> grpc.StatusCode:
        """How the stream ends."""
        return await self._call.code()


@asynccontextmanager
async def listening(stub: NotificationServiceStub, *user_ids: int) -> AsyncIterator[Listener]:
    """A stream that is acknowledged for these users."""
    call = stub.Subscribe()
    listener = Listener(call)
    try:
        if user_ids:
            await listener.subscribe(*user_ids)
            await listener.frames(len(user_ids))
        yield listener
    finally:
        call.cancel()


async def send(stub: NotificationServiceStub, user_id: int, payload: bytes = b"{}") -> int:
    """Put a notification into an inbox; returns its id."""
    request = pb.SendNotificationRequest(user_id=user_id, type="greeting", payload=payload)
    return (await stub.SendNotification(request)).notification_id
