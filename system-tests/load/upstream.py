"""Stands in for what a gateway needs of auth- and notification-service, to measure it alone.

`python -m load.upstream`: a line of JSON on stdin is the public key; stdout then names the port.
Each further line is the seq of a notification that every inbox gets at once; the answer is when.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from typing import Any, Final

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from pinstack_proto.auth.v1 import auth_pb2, auth_pb2_grpc
from pinstack_proto.notification.v1 import notification_pb2 as pb
from pinstack_proto.notification.v1 import notification_pb2_grpc
from service_kit.config import GrpcSettings
from service_kit.grpc_server import Context, serve

SERVICES: Final = ("auth.v1.AuthService", "notification.v1.NotificationService")
_HEARTBEAT_SECONDS: Final = 10.0
_PAYLOAD: Final = b'{"follower_id":7,"follower_username":"person0007","followee_id":1}'


class Auth(auth_pb2_grpc.AuthServiceServicer):
    """One key, and nothing revoked."""

    def __init__(self, key: dict[str, Any]) -> None:
        self._key = key

    async def GetKeySet(
        self,
        request: auth_pb2.GetKeySetRequest,  # noqa: ARG002
        context: Context,  # noqa: ARG002
    ) -> auth_pb2.GetKeySetResponse:
        return auth_pb2.GetKeySetResponse(keys=[auth_pb2.VerificationKey(**self._key)])

    async def WatchRevocations(
        self,
        request: auth_pb2.WatchRevocationsRequest,  # noqa: ARG002
        context: Context,  # noqa: ARG002
    ) -> AsyncIterator[auth_pb2.WatchRevocationsResponse]:
        answer = auth_pb2.WatchRevocationsResponse
        yield answer(caught_up=answer.CaughtUp())
        while True:
            await asyncio.sleep(_HEARTBEAT_SECONDS)
            yield answer(heartbeat=answer.Heartbeat())


class Inboxes(notification_pb2_grpc.NotificationServiceServicer):
    """Everybody's inbox gets the same."""

    def __init__(self) -> None:
        self._seq = 0
        self._streams: dict[asyncio.Queue[pb.SubscribeResponse], set[int]] = {}

    async def Subscribe(
        self,
        request_iterator: AsyncIterator[pb.SubscribeRequest],
        context: Context,  # noqa: ARG002
    ) -> AsyncIterator[pb.SubscribeResponse]:
        queue: asyncio.Queue[pb.SubscribeResponse] = asyncio.Queue()
        reading = asyncio.create_task(self._obey(request_iterator, queue))
        try:
            while True:
                yield await queue.get()
        finally:
            reading.cancel()

    async def NoteDeliveries(
        self,
        request: pb.NoteDeliveriesRequest,  # noqa: ARG002
        context: Context,  # noqa: ARG002
    ) -> pb.NoteDeliveriesResponse:
        return pb.NoteDeliveriesResponse()

    async def _obey(
        self,
        requests: AsyncIterator[pb.SubscribeRequest],
        queue: asyncio.Queue[pb.SubscribeResponse],
    ) -> None:
        watched = self._streams[queue] = set()
        async for request in requests:
            watched.difference_update(request.unsubscribe.user_ids)
            watched.update(request.subscribe.user_ids)
            for user_id in request.subscribe.user_ids:
                state = pb.SubscribeResponse.Subscribed(
                    user_id=user_id, last_seq=self._seq, unread=self._seq
                )
                queue.put_nowait(pb.SubscribeResponse(subscribed=state))

    def tell(self, seq: int) -> float:
        """Give every inbox that is watched a notification; returns when, in Unix seconds."""
        self._seq, now = seq, time.time()
        at = Timestamp()
        at.FromNanoseconds(int(now * 1e9))
        for queue, watched in self._streams.items():
            for user_id in watched:
                queue.put_nowait(_delivery(user_id, seq, at))
        return now


def _delivery(user_id: int, seq: int, at: Timestamp) -> pb.SubscribeResponse:
    notification = pb.NotificationResponse(
        id=user_id * 1000 + seq,
        user_id=user_id,
        type="follow_created",
        created_at=at,
        payload=_PAYLOAD,
        seq=seq,
    )
    return pb.SubscribeResponse(
        notification=pb.SubscribeResponse.Delivery(
            notification=notification, unread=seq, committed_at=at
        )
    )


async def main() -> None:
    """Serve until stdin ends."""
    stdin = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin
    )
    key = json.loads(await stdin.readline())
    auth = Auth(key)  # type: ignore[abstract] # no gateway asks these for more
    inboxes = Inboxes()  # type: ignore[abstract]

    def register(server: grpc.aio.Server) -> None:
        auth_pb2_grpc.add_AuthServiceServicer_to_server(auth, server)
        notification_pb2_grpc.add_NotificationServiceServicer_to_server(inboxes, server)

    async with serve(("127.0.0.1", 0), register, SERVICES, GrpcSettings(), 0.0) as server:
        print(server.port, flush=True)
        while line := await stdin.readline():
            print(inboxes.tell(int(line)), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
