"""notification-service over real gRPC, with inboxes in memory."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from pinstack_proto.notification.v1 import notification_pb2 as pb
from service_kit import grpc_server
from service_kit.config import GrpcSettings
from service_kit.timestamps import timestamp_to_pb

from api_gateway.application.live.inbox import (
    Delivered,
    Entry,
    Happening,
    MediaChanged,
    Subscribed,
    UnreadChanged,
    Withdrawn,
)
from tests.fakes.live import InMemoryInboxes

NAME = pb.DESCRIPTOR.services_by_name["NotificationService"].full_name
Queue = asyncio.Queue[pb.SubscribeResponse]


class NotificationServiceOfTest:
    """A replica that can be stopped and started again on its port."""

    def __init__(self, inboxes: InMemoryInboxes) -> None:
        self.inboxes = inboxes
        self.port = 0
        self.requests: list[pb.SubscribeRequest] = []
        self.streams = 0
        self.silent = False
        self._up = AsyncExitStack()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def start(self) -> None:
        serving = grpc_server.serve(
            ("127.0.0.1", self.port), self._register, [NAME], GrpcSettings(), 0.0
        )
        self.port = (await self._up.enter_async_context(serving)).port

    async def stop(self) -> None:
        await self._up.aclose()

    async def subscribe(
        self, requests: AsyncIterator[pb.SubscribeRequest], _context: grpc_server.Context
    ) -> AsyncIterator[pb.SubscribeResponse]:
        queue: Queue = asyncio.Queue()
        watched: set[int] = set()

        def tell(what: Happening) -> None:
            if what.user_id in watched and not self.silent:
                queue.put_nowait(happening_to_pb(what))

        reading = asyncio.create_task(self._read(requests, watched, queue))
        self.inboxes.tellers.append(tell)
        self.streams += 1
        try:
            while True:
                yield await queue.get()
        finally:
            self.streams -= 1
            self.inboxes.tellers.remove(tell)
            reading.cancel()

    async def list_since(
        self, request: pb.ListSinceRequest, _context: grpc_server.Context
    ) -> pb.ListSinceResponse:
        missed = await self.inboxes.list_since(request.user_id, request.after_seq, request.limit)
        return pb.ListSinceResponse(
            notifications=[entry_to_pb(entry) for entry in missed.entries],
            last_seq=missed.state.last_seq,
            unread=missed.state.unread,
        )

    async def read(
        self, request: pb.ReadNotificationRequest, _context: grpc_server.Context
    ) -> pb.ReadNotificationResponse:
        already = await self.inboxes.mark_read(request.notification_id, request.caller_id)
        return pb.ReadNotificationResponse(already_read=already)

    async def read_all(
        self, request: pb.ReadAllUserNotificationsRequest, _context: grpc_server.Context
    ) -> pb.ReadAllUserNotificationsResponse:
        updated = await self.inboxes.mark_all_read(request.user_id, request.up_to_seq)
        return pb.ReadAllUserNotificationsResponse(updated=updated)

    async def _read(
        self, requests: AsyncIterator[pb.SubscribeRequest], watched: set[int], queue: Queue
    ) -> None:
        async for request in requests:
            self.requests.append(request)
            watched.difference_update(request.unsubscribe.user_ids)
            watched.update(request.subscribe.user_ids)
            for user_id in request.subscribe.user_ids:
                state = self.inboxes.state(user_id)
                queue.put_nowait(happening_to_pb(Subscribed(user_id, state)))

    def _register(self, server: grpc.aio.Server) -> None:
        handlers: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
            "Subscribe": grpc.stream_stream_rpc_method_handler(
                self.subscribe,
                pb.SubscribeRequest.FromString,
                pb.SubscribeResponse.SerializeToString,
            ),
            "ListSince": grpc.unary_unary_rpc_method_handler(
                self.list_since,
                pb.ListSinceRequest.FromString,
                pb.ListSinceResponse.SerializeToString,
            ),
            "ReadNotification": grpc.unary_unary_rpc_method_handler(
                self.read,
                pb.ReadNotificationRequest.FromString,
                pb.ReadNotificationResponse.SerializeToString,
            ),
            "ReadAllUserNotifications": grpc.unary_unary_rpc_method_handler(
                self.read_all,
                pb.ReadAllUserNotificationsRequest.FromString,
                pb.ReadAllUserNotificationsResponse.SerializeToString,
            ),
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(NAME, handlers),))


def entry_to_pb(entry: Entry) -> pb.NotificationResponse:
    one = entry.notification
    return pb.NotificationResponse(
        id=one.id,
        user_id=one.user_id,
        type=one.type,
        is_read=one.is_read,
        created_at=timestamp_to_pb(one.created_at),
        payload=one.payload or b"",
        actor_id=one.actor_id,
        seq=one.seq,
        withdrawn=entry.withdrawn,
    )


def happening_to_pb(what: Happening) -> pb.SubscribeResponse:
    match what:
        case Subscribed(user_id, state, due_seq):
            subscribed = pb.SubscribeResponse.Subscribed(
                user_id=user_id, last_seq=state.last_seq, unread=state.unread, due_seq=due_seq
            )
            return pb.SubscribeResponse(subscribed=subscribed)
        case Delivered():
            return pb.SubscribeResponse(notification=_delivery(what))
        case Withdrawn(user_id, notification_id, seq, unread):
            return pb.SubscribeResponse(
                withdrawn=pb.SubscribeResponse.Withdrawn(
                    user_id=user_id, notification_id=notification_id, seq=seq, unread=unread
                )
            )
        case UnreadChanged():
            changed = pb.SubscribeResponse.UnreadChanged(
                user_id=what.user_id,
                unread=what.unread,
                read_ids=what.read_ids,
                read_up_to_seq=what.read_up_to_seq,
                seen_up_to_seq=what.seen_up_to_seq,
                unseen=what.unseen,
                archived_ids=what.archived_ids,
                unarchived_ids=what.unarchived_ids,
            )
            return pb.SubscribeResponse(unread_changed=changed)
        case MediaChanged(user_id, media_id, state):
            media = pb.SubscribeResponse.MediaChanged(
                user_id=user_id, media_id=media_id, state=state
            )
            return pb.SubscribeResponse(media=media)


def _delivery(what: Delivered) -> pb.SubscribeResponse.Delivery:
    return pb.SubscribeResponse.Delivery(
        notification=entry_to_pb(what.entry),
        unread=what.unread,
        committed_at=_stamp(what.committed_at),
        traceparent=what.traceparent,
        silent=what.silent,
    )


def _stamp(at: float) -> Timestamp:
    return timestamp_to_pb(datetime.fromtimestamp(at, UTC))
