"""Notifications, over gRPC from notification-service: requests and answers."""

import grpc
from pinstack_proto.notification.v1 import notification_pb2
from pinstack_proto.notification.v1.notification_pb2_grpc import NotificationServiceStub
from service_kit.timestamps import timestamp_from_pb

from api_gateway.domain.group import Group
from api_gateway.domain.notification import (
    Counts,
    FeedFilter,
    Notification,
    NotificationDraft,
)
from api_gateway.domain.page import Page, PageRequest


class GrpcNotifications:
    """Inboxes of notification-service."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = NotificationServiceStub(channel)

    async def send(self, draft: NotificationDraft, *, actor_id: int, idempotency_key: str) -> int:
        request = notification_pb2.SendNotificationRequest(
            user_id=draft.user_id,
            type=draft.type,
            payload=draft.payload or b"",
            actor_id=actor_id,
            idempotency_key=idempotency_key,
        )
        answer = await self._stub.SendNotification(request)
        return answer.notification_id

    async def get(self, notification_id: int, caller_id: int) -> Notification:
        request = notification_pb2.GetNotificationDetailsRequest(
            notification_id=notification_id, caller_id=caller_id
        )
        return notification_from_pb(await self._stub.GetNotificationDetails(request))

    async def feed(
        self, user_id: int, request: PageRequest, *, which: FeedFilter
    ) -> Page[Notification]:
        asked = notification_pb2.GetUserNotificationFeedRequest(
            user_id=user_id,
            page=request.page,
            limit=request.limit,
            cursor=request.cursor,
            unread_only=which.unread_only,
            archived=which.archived,
        )
        return notification_page_from_pb(await self._stub.GetUserNotificationFeed(asked))

    async def counts(self, user_id: int) -> Counts:
        request = notification_pb2.GetInboxStateRequest(user_id=user_id)
        answer = await self._stub.GetInboxState(request)
        return Counts(answer.unread, answer.unseen, answer.seen_up_to_seq)

    async def mark_seen(self, user_id: int, up_to_seq: int | None) -> tuple[int, int]:
        request = notification_pb2.MarkSeenRequest(user_id=user_id, up_to_seq=up_to_seq)
        answer = await self._stub.MarkSeen(request)
        return answer.unseen, answer.seen_up_to_seq

    async def set_archived(self, notification_id: int, caller_id: int, *, archived: bool) -> bool:
        request = notification_pb2.SetNotificationArchivedRequest(
            notification_id=notification_id, caller_id=caller_id, archived=archived
        )
        answer = await self._stub.SetNotificationArchived(request)
        return answer.changed

    async def mark_read(self, notification_id: int, caller_id: int) -> bool:
        request = notification_pb2.ReadNotificationRequest(
            notification_id=notification_id, caller_id=caller_id
        )
        answer = await self._stub.ReadNotification(request)
        return answer.already_read

    async def mark_all_read(self, user_id: int, up_to_seq: int | None) -> int:
        request = notification_pb2.ReadAllUserNotificationsRequest(
            user_id=user_id, up_to_seq=up_to_seq
        )
        answer = await self._stub.ReadAllUserNotifications(request)
        return answer.updated

    async def remove(self, notification_id: int, caller_id: int) -> None:
        await self._stub.RemoveNotification(
            notification_pb2.RemoveNotificationRequest(
                notification_id=notification_id, caller_id=caller_id
            )
        )


class GrpcGroups:
    """Inboxes of notification-service in groups."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = NotificationServiceStub(channel)

    async def page(
        self, user_id: int, limit: int, cursor: str, *, unread_only: bool
    ) -> Page[Group]:
        request = notification_pb2.GetGroupedFeedRequest(
            user_id=user_id, limit=limit, cursor=cursor, unread_only=unread_only
        )
        answer = await self._stub.GetGroupedFeed(request)
        groups = tuple(
            Group(
                notification_from_pb(one.latest),
                one.size,
                one.unread,
                tuple(one.actor_ids),
                one.actors,
            )
            for one in answer.groups
        )
        return Page(groups, next_cursor=answer.next_cursor)


def notification_from_pb(message: notification_pb2.NotificationResponse) -> Notification:
    """A notification; an empty payload is none, an absent actor is the system."""
    return Notification(
        id=message.id,
        user_id=message.user_id,
        type=message.type,
        is_read=message.is_read,
        created_at=timestamp_from_pb(message.created_at),
        seq=message.seq,
        payload=message.payload or None,
        actor_id=message.actor_id if message.HasField("actor_id") else None,
        archived_at=(
            timestamp_from_pb(message.archived_at) if message.HasField("archived_at") else None
        ),
    )


def notification_page_from_pb(
    message: notification_pb2.GetUserNotificationFeedResponse,
) -> Page[Notification]:
    """A page of an inbox."""
    return Page(
        items=tuple(notification_from_pb(item) for item in message.notifications),
        total=message.total,
        total_is_estimate=message.total_is_estimate,
        next_cursor=message.next_cursor,
    )
