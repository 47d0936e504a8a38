"""notification.v1.NotificationService over the use cases: unpack, call, map."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from pinstack_proto.notification.v1 import notification_pb2, notification_pb2_grpc
from service_kit import pages
from service_kit.grpc_server import Context
from service_kit.timestamps import timestamp_to_pb

from notification_service.application.live import Announced, Frame, Hub, Stream
from notification_service.application.use_cases import Notifications
from notification_service.domain.errors import FieldViolation, InvalidNotification, StreamClosing
from notification_service.domain.events import (
    NotificationCreated,
    NotificationsRead,
    NotificationWithdrawn,
)
from notification_service.domain.models import (
    Content,
    Draft,
    FeedPage,
    InboxState,
    Missed,
    Notification,
    Window,
)

_LARGEST_INT32: Final = 2**31 - 1
_DEEPEST_ROW: Final = 100_000
"""The page form goes no deeper; who wants to uses the cursor."""


class NotificationServicer(notification_pb2_grpc.NotificationServiceServicer):
    """Inboxes, for whoever calls by gRPC.

    A stream holds up to `stream_bytes` that its reader has not taken, and says something at least
    every `heartbeat_seconds`.
    """

    def __init__(
        self, notifications: Notifications, hub: Hub, *, stream_bytes: int, heartbeat_seconds: float
    ) -> None:
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

    async def GetUnreadCount(
        self, request: notification_pb2.GetUnreadCountRequest, context: Context
    ) -> notification_pb2.GetUnreadCountResponse:
        inbox = await self._notifications.state(request.user_id)
        return notification_pb2.GetUnreadCountResponse(count=min(inbox.unread, _LARGEST_INT32))

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
        return notification_pb2.GetInboxStateResponse(last_seq=inbox.last_seq, unread=inbox.unread)

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


def draft_from_pb(request: notification_pb2.SendNotificationRequest) -> Draft:
    """A notification to be, from a request. Raises `InvalidNotification`."""
    actor_id = request.actor_id if request.HasField("actor_id") else None
    return Draft(
        user_id=request.user_id,
        content=Content(request.type, request.payload or None, actor_id),
        idempotency_key=request.idempotency_key or None,
    )


def window_from_pb(request: notification_pb2.GetUserNotificationFeedRequest) -> Window:
    """Which part of a feed is asked for. Raises `InvalidArgument`."""
    limit = pages.checked_limit(request.limit)
    if request.cursor:
        (before,) = pages.decode_cursor(request.cursor, 1)
        return Window(limit, before=before, unread_only=request.unread_only)
    offset = ((request.page or 1) - 1) * limit
    if not 0 <= offset <= _DEEPEST_ROW:
        violation = FieldViolation("page", f"must be 1 or more, and end by row {_DEEPEST_ROW}")
        raise InvalidNotification(violations=[violation])
    return Window(limit, offset=offset, unread_only=request.unread_only)


def feed_to_pb(
    page: FeedPage, number: int, limit: int
) -> notification_pb2.GetUserNotificationFeedResponse:
    """A part of a feed, with a cursor to the next one where there is more."""
    total = min(page.total, _LARGEST_INT32)
    last = page.notifications[-1].seq if page.notifications else 0
    return notification_pb2.GetUserNotificationFeedResponse(
        notifications=map(notification_to_pb, page.notifications),
        total=total,
        page=number,
        limit=limit,
        total_pages=-(-total // limit),
        next_cursor=pages.encode_cursor(last) if page.has_more else "",
    )


def missed_to_pb(missed: Missed) -> notification_pb2.ListSinceResponse:
    """What a client has missed."""
    return notification_pb2.ListSinceResponse(
        notifications=map(notification_to_pb, missed.notifications),
        last_seq=missed.state.last_seq,
        unread=missed.state.unread,
        truncated=missed.is_truncated,
    )


def notification_to_pb(notification: Notification) -> notification_pb2.NotificationResponse:
    """A notification as the contract has it."""
    return notification_pb2.NotificationResponse(
        id=notification.id,
        user_id=notification.user_id,
        type=notification.type,
        is_read=notification.is_read,
        created_at=timestamp_to_pb(notification.created_at),
        payload=notification.payload or b"",
        actor_id=notification.actor_id,
        seq=notification.seq,
        withdrawn=notification.is_withdrawn,
    )


def frame_to_pb(frame: Frame | None) -> notification_pb2.SubscribeResponse:
    """What a subscriber is sent; None is a heartbeat."""
    pb = notification_pb2.SubscribeResponse
    if frame is None:
        return pb(heartbeat=pb.Heartbeat())
    if isinstance(frame, Announced):
        return _announced_to_pb(frame)
    return pb(subscribed=_subscribed_to_pb(frame.state))


def _subscribed_to_pb(state: InboxState) -> notification_pb2.SubscribeResponse.Subscribed:
    return notification_pb2.SubscribeResponse.Subscribed(
        user_id=state.user_id, last_seq=state.last_seq, unread=state.unread
    )


def _announced_to_pb(frame: Announced) -> notification_pb2.SubscribeResponse:
    pb = notification_pb2.SubscribeResponse
    user_id, unread = frame.event.inbox.user_id, frame.event.inbox.unread
    match frame.event:
        case NotificationCreated(notification, _, traceparent):
            delivery = pb.Delivery(
                notification=notification_to_pb(notification),
                unread=unread,
                committed_at=timestamp_to_pb(frame.committed_at),
                traceparent=traceparent,
            )
            return pb(notification=delivery)
        case NotificationWithdrawn(notification_id, seq):
            withdrawn = pb.Withdrawn(
                user_id=user_id, notification_id=notification_id, seq=seq, unread=unread
            )
            return pb(withdrawn=withdrawn)
        case NotificationsRead(up_to_seq=up_to_seq):
            changed = pb.UnreadChanged(user_id=user_id, unread=unread, read_up_to_seq=up_to_seq)
            return pb(unread_changed=changed)
    return pb(unread_changed=pb.UnreadChanged(user_id=user_id, unread=unread))
