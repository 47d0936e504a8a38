"""notification.v1.NotificationService over the use cases: unpack, call, map."""

import asyncio
from collections.abc import AsyncIterator

from pinstack_proto.notification.v1 import notification_pb2
from service_kit.grpc_server import Context

from notification_service.adapters.grpc_servicer.explanations import ExplanationsServicer
from notification_service.adapters.grpc_servicer.messages import (
    LARGEST_INT32,
    draft_from_pb,
    feed_to_pb,
    frame_to_pb,
    group_window_from_pb,
    groups_to_pb,
    missed_to_pb,
    notification_to_pb,
    window_from_pb,
)
from notification_service.adapters.grpc_servicer.wishes import WishesServicer
from notification_service.application.explanations import Explanations
from notification_service.application.live import Hub, Stream
from notification_service.application.use_cases import Notifications
from notification_service.application.wishes import Wishes
from notification_service.domain.errors import StreamClosing


class NotificationServicer(WishesServicer, ExplanationsServicer):
    """Inboxes, for whoever calls by gRPC.

    A stream holds up to `stream_bytes` that its reader has not taken, and says something at least
    every `heartbeat_seconds`.
    """

    def __init__(
        self,
        notifications: Notifications,
        wishes: Wishes,
        explanations: Explanations,
        hub: Hub,
        *,
        stream_bytes: int,
        heartbeat_seconds: float,
    ) -> None:
        WishesServicer.__init__(self, wishes)
        ExplanationsServicer.__init__(self, explanations)
        self._notifications = notifications
        self._hub = hub
        self._stream_bytes = stream_bytes
        self._heartbeat_seconds = heartbeat_seconds

    async def SendNotification(
        self, request: notification_pb2.SendNotificationRequest, context: Context
    ) -> notification_pb2.SendNotificationResponse:
        notification_id = await self._notifications.send(draft_from_pb(request))
        return notification_pb2.SendNotificationResponse(notification_id=notification_id)

    async def GetNotificationDetails(
        self, request: notification_pb2.GetNotificationDetailsRequest, context: Context
    ) -> notification_pb2.NotificationResponse:
        notification = await self._notifications.get(
            request.notification_id, request.caller_id or None
        )
        return notification_to_pb(notification)

    async def GetUserNotificationFeed(
        self, request: notification_pb2.GetUserNotificationFeedRequest, context: Context
    ) -> notification_pb2.GetUserNotificationFeedResponse:
        window = window_from_pb(request)
        page = await self._notifications.feed(request.user_id, window)
        return feed_to_pb(page, request.page or 1, window.limit)

    async def GetGroupedFeed(
        self, request: notification_pb2.GetGroupedFeedRequest, context: Context
    ) -> notification_pb2.GetGroupedFeedResponse:
        page = await self._notifications.groups(request.user_id, group_window_from_pb(request))
        return groups_to_pb(page)

    async def ReadNotification(
        self, request: notification_pb2.ReadNotificationRequest, context: Context
    ) -> notification_pb2.ReadNotificationResponse:
        already_read, inbox = await self._notifications.read(
            request.notification_id, request.caller_id or None
        )
        return notification_pb2.ReadNotificationResponse(
            already_read=already_read, unread=inbox.unread
        )

    async def RemoveNotification(
        self, request: notification_pb2.RemoveNotificationRequest, context: Context
    ) -> notification_pb2.RemoveNotificationResponse:
        inbox = await self._notifications.remove(request.notification_id, request.caller_id or None)
        return notification_pb2.RemoveNotificationResponse(unread=inbox.unread)

    async def ReadAllUserNotifications(
        self, request: notification_pb2.ReadAllUserNotificationsRequest, context: Context
    ) -> notification_pb2.ReadAllUserNotificationsResponse:
        up_to_seq = request.up_to_seq if request.HasField("up_to_seq") else None
        updated, inbox = await self._notifications.read_all(request.user_id, up_to_seq)
        return notification_pb2.ReadAllUserNotificationsResponse(
            updated=updated, unread=inbox.unread
        )

    async def MarkSeen(
        self, request: notification_pb2.MarkSeenRequest, context: Context
    ) -> notification_pb2.MarkSeenResponse:
        up_to_seq = request.up_to_seq if request.HasField("up_to_seq") else None
        inbox = await self._notifications.mark_seen(request.user_id, up_to_seq)
        return notification_pb2.MarkSeenResponse(unseen=inbox.unseen, seen_up_to_seq=inbox.seen_seq)

    async def SetNotificationArchived(
        self, request: notification_pb2.SetNotificationArchivedRequest, context: Context
    ) -> notification_pb2.SetNotificationArchivedResponse:
        changed, inbox = await self._notifications.set_archived(
            request.notification_id, request.caller_id or None, is_archived=request.archived
        )
        return notification_pb2.SetNotificationArchivedResponse(
            changed=changed, unread=inbox.unread
        )

    async def GetUnreadCount(
        self, request: notification_pb2.GetUnreadCountRequest, context: Context
    ) -> notification_pb2.GetUnreadCountResponse:
        inbox = await self._notifications.state(request.user_id)
        return notification_pb2.GetUnreadCountResponse(count=min(inbox.unread, LARGEST_INT32))

    async def ListSince(
        self, request: notification_pb2.ListSinceRequest, context: Context
    ) -> notification_pb2.ListSinceResponse:
        return missed_to_pb(
            await self._notifications.since(request.user_id, request.after_seq, request.limit)
        )

    async def GetInboxState(
        self, request: notification_pb2.GetInboxStateRequest, context: Context
    ) -> notification_pb2.GetInboxStateResponse:
        inbox = await self._notifications.state(request.user_id)
        return notification_pb2.GetInboxStateResponse(
            last_seq=inbox.last_seq,
            unread=inbox.unread,
            unseen=inbox.unseen,
            seen_up_to_seq=inbox.seen_seq,
        )

    async def Subscribe(
        self, request_iterator: AsyncIterator[notification_pb2.SubscribeRequest], context: Context
    ) -> AsyncIterator[notification_pb2.SubscribeResponse]:
        stream = self._hub.open(self._stream_bytes)
        commands = asyncio.create_task(self._obey(request_iterator, stream), name="subscriptions")
        commands.add_done_callback(lambda task: _end_with(task, stream))
        try:
            while True:
                yield frame_to_pb(await stream.next(self._heartbeat_seconds))
        finally:
            stream.end(StreamClosing())
            commands.cancel()

    async def _obey(
        self, requests: AsyncIterator[notification_pb2.SubscribeRequest], stream: Stream
    ) -> None:
        """Subscribe and unsubscribe as asked, until the client asks no more."""
        async for request in requests:
            if request.HasField("subscribe"):
                await self._notifications.subscribe(stream, request.subscribe.user_ids)
            else:
                stream.unsubscribe(request.unsubscribe.user_ids)


def _end_with(commands: asyncio.Task[None], stream: Stream) -> None:
    """What fails in the commands ends the stream."""
    if not commands.cancelled() and (error := commands.exception()) is not None:
        stream.end(error)
