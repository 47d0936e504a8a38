"""What is said over notification.v1, to and from the domain."""

from typing import Final

from pinstack_proto.notification.v1 import notification_pb2
from service_kit import pages
from service_kit.timestamps import timestamp_to_pb, write_timestamp

from notification_service.application.live import Announced, Frame, Passing, Subscribed
from notification_service.domain.errors import FieldViolation, InvalidNotification
from notification_service.domain.events import (
    Event,
    NotificationArchived,
    NotificationCreated,
    NotificationsRead,
    NotificationsSeen,
    NotificationWithdrawn,
)
from notification_service.domain.groups import GroupPage, GroupWindow
from notification_service.domain.models import (
    Content,
    Draft,
    FeedPage,
    Missed,
    Notification,
    Window,
)

LARGEST_INT32: Final = 2**31 - 1
_DEEPEST_ROW: Final = 100_000
"""The page form goes no deeper; who wants to uses the cursor."""


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
        return Window(
            limit,
            before=before,
            unread_only=request.unread_only,
            is_archived=request.archived,
        )
    offset = ((request.page or 1) - 1) * limit
    if not 0 <= offset <= _DEEPEST_ROW:
        violation = FieldViolation("page", f"must be 1 or more, and end by row {_DEEPEST_ROW}")
        raise InvalidNotification(violations=[violation])
    return Window(
        limit, offset=offset, unread_only=request.unread_only, is_archived=request.archived
    )


def feed_to_pb(
    page: FeedPage, number: int, limit: int
) -> notification_pb2.GetUserNotificationFeedResponse:
    """A part of a feed, with a cursor to the next one where there is more."""
    total = min(page.total, LARGEST_INT32)
    last = page.notifications[-1].seq if page.notifications else 0
    message = notification_pb2.GetUserNotificationFeedResponse(
        total=total,
        page=number,
        limit=limit,
        total_pages=-(-total // limit),
        next_cursor=pages.encode_cursor(last) if page.has_more else "",
    )
    for notification in page.notifications:
        write_notification(message.notifications.add(), notification)
    return message


def group_window_from_pb(request: notification_pb2.GetGroupedFeedRequest) -> GroupWindow:
    """Which groups are asked for. Raises `InvalidArgument`."""
    limit = pages.checked_limit(request.limit)
    if not request.cursor:
        return GroupWindow(limit, unread_only=request.unread_only)
    top, before = pages.decode_cursor(request.cursor, 2)
    return GroupWindow(limit, top, before, request.unread_only)


def groups_to_pb(page: GroupPage) -> notification_pb2.GetGroupedFeedResponse:
    """A part of a feed in groups, with a cursor to the next one where there is more."""
    pb = notification_pb2.GetGroupedFeedResponse
    groups = [
        pb.Group(
            latest=notification_to_pb(one.latest),
            size=one.size,
            unread=one.unread,
            actor_ids=one.actor_ids,
            actors=one.actors,
        )
        for one in page.groups
    ]
    return pb(groups=groups, next_cursor=pages.encode_cursor(*page.following or ()))


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
    message = notification_pb2.NotificationResponse()
    write_notification(message, notification)
    return message


def write_notification(
    message: notification_pb2.NotificationResponse, notification: Notification
) -> None:
    """A notification into a message in its place: adding one to a list copies it."""
    message.id = notification.id
    message.user_id = notification.user_id
    message.type = notification.type
    message.is_read = notification.is_read
    message.payload = notification.payload or b""
    if notification.actor_id is not None:
        message.actor_id = notification.actor_id
    message.seq = notification.seq
    message.withdrawn = notification.is_withdrawn
    write_timestamp(message.created_at, notification.created_at)
    if notification.archived_at is not None:
        write_timestamp(message.archived_at, notification.archived_at)


def frame_to_pb(frame: Frame | None) -> notification_pb2.SubscribeResponse:
    """What a subscriber is sent; None is a heartbeat."""
    pb = notification_pb2.SubscribeResponse
    if frame is None:
        return pb(heartbeat=pb.Heartbeat())
    if isinstance(frame, Announced):
        return _announced_to_pb(frame)
    if isinstance(frame, Passing):
        media = frame.media
        changed = pb.MediaChanged(
            user_id=media.owner_id, media_id=media.media_id, state=media.state
        )
        return pb(media=changed)
    return pb(subscribed=_subscribed_to_pb(frame))


def _subscribed_to_pb(frame: Subscribed) -> notification_pb2.SubscribeResponse.Subscribed:
    state = frame.state
    return notification_pb2.SubscribeResponse.Subscribed(
        user_id=state.user_id, last_seq=state.last_seq, unread=state.unread, due_seq=frame.due_seq
    )


def _announced_to_pb(frame: Announced) -> notification_pb2.SubscribeResponse:
    pb = notification_pb2.SubscribeResponse
    user_id, unread = frame.event.inbox.user_id, frame.event.inbox.unread
    match frame.event:
        case NotificationCreated(notification, _, traceparent, is_silent=is_silent):
            delivery = pb.Delivery(
                notification=notification_to_pb(notification),
                unread=unread,
                committed_at=timestamp_to_pb(frame.committed_at),
                traceparent=traceparent,
                silent=is_silent,
            )
            return pb(notification=delivery)
        case NotificationWithdrawn(notification_id, seq):
            withdrawn = pb.Withdrawn(
                user_id=user_id, notification_id=notification_id, seq=seq, unread=unread
            )
            return pb(withdrawn=withdrawn)
    return pb(unread_changed=_changed_to_pb(frame.event))


def _changed_to_pb(event: Event) -> notification_pb2.SubscribeResponse.UnreadChanged:
    changed = notification_pb2.SubscribeResponse.UnreadChanged(
        user_id=event.inbox.user_id, unread=event.inbox.unread, unseen=event.inbox.unseen
    )
    match event:
        case NotificationsRead(_, notification_ids, up_to_seq):
            changed.read_ids.extend(notification_ids)
            if up_to_seq is not None:
                changed.read_up_to_seq = up_to_seq
        case NotificationsSeen(_, up_to_seq):
            changed.seen_up_to_seq = up_to_seq
        case NotificationArchived(notification_id, is_archived=is_archived):
            ids = changed.archived_ids if is_archived else changed.unarchived_ids
            ids.append(notification_id)
    return changed
