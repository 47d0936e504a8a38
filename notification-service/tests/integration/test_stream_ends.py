"""How live streams end, each in a service of its own."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace

import grpc
from pinstack_proto.notification.v1 import notification_pb2 as pb
from pinstack_proto.notification.v1.notification_pb2_grpc import NotificationServiceStub
from service_kit import grpc_client
from service_kit.config import GrpcSettings

from notification_service.main import running
from tests.integration.listener import Listener, listening, send
from tests.integration.replay_world import NOTIFICATIONS, World


async def test_a_gateway_that_reads_too_slowly_is_ended_and_resumes_by_seq(
    world: World,
) -> None:
    narrow = replace(
        world, settings=world.settings.model_copy(update={"stream_buffer_bytes": 64 * 1024})
    )
    payload = b'"' + b"x" * 16_000 + b'"'
    async with narrow.running() as stub, listening(stub, 12) as slow:
        for _ in range(30):
            async with asyncio.TaskGroup() as senders:
                for _ in range(30):
                    senders.create_task(send(stub, 12, payload))
        last = await _last_seq(slow)
        assert await slow.status() == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert 0 < last < 900
        missed = await stub.ListSince(pb.ListSinceRequest(user_id=12, after_seq=last, limit=1))
        assert missed.notifications[0].seq == last + 1


async def test_a_service_that_stops_ends_its_streams_at_once(world: World) -> None:
    async with AsyncExitStack() as whole, asyncio.timeout(8):  # the drain alone takes ten seconds
        stopping = await whole.enter_async_context(AsyncExitStack())
        service = await stopping.enter_async_context(running(world.settings))
        address = f"127.0.0.1:{service.port}"
        channel = await whole.enter_async_context(
            grpc_client.open_channel(address, NOTIFICATIONS, GrpcSettings())
        )
        listener = Listener(NotificationServiceStub(channel).Subscribe())
        await listener.subscribe(13)
        await listener.frames(1)
        await stopping.aclose()
        assert await listener.status() == grpc.StatusCode.UNAVAILABLE


async def _last_seq(listener: Listener) -> int:
    """The last seq that a stream brings before it ends."""
    last = 0
    while True:
        try:
            (frame,) = await listener.frames(1)
        except grpc.aio.AioRpcError:
            return last
        last = frame.notification.notification.seq
