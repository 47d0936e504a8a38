"""Domain events as the messages that other services read."""

from pinstack_proto import topics
from pinstack_proto.events.v1 import notification_events_pb2
from service_kit.outbox import OutboxRecord
from service_kit.timestamps import timestamp_to_pb

from notification_service.domain.events import (
    Event,
    NotificationArchived,
    NotificationCreated,
    NotificationsRead,
    NotificationsSeen,
    NotificationWithdrawn,
)


def event_to_record(event: Event) -> OutboxRecord | None:
    """The outbox row of an event; None for one that concerns nobody but live subscribers."""
    match event:
        case NotificationCreated():
            packed = topics.pack(created_to_pb(event))
            if event.traceparent:
                headers = {"traceparent": event.traceparent}
                return OutboxRecord(
                    packed.topic, packed.key, packed.type, packed.value, headers=headers
                )
        case NotificationsRead():
            packed = topics.pack(read_to_pb(event))
        case NotificationWithdrawn():
            packed = topics.pack(withdrawn_to_pb(event))
        case NotificationsSeen():
            packed = topics.pack(seen_to_pb(event))
        case NotificationArchived():
            packed = topics.pack(archived_to_pb(event))
        case _:
            return None
    return OutboxRecord(packed.topic, packed.key, packed.type, packed.value)


def created_to_pb(event: NotificationCreated) -> notification_events_pb2.NotificationCreated:
    """`notification.created.v1`."""
    notification = event.notification
    payload = notification.payload
    return notification_events_pb2.NotificationCreated(
        notification_id=notification.id,
        user_id=notification.user_id,
        type=notification.type,
        seq=notification.seq,
        actor_id=notification.actor_id,
        occurred_at=timestamp_to_pb(notification.created_at),
        payload=None if payload is None else payload.decode(),
        subject=event.subject or "",
        idempotency_key=event.idempotency_key,
        event_id=str(event.event_id) if event.event_id else "",
        held=event.held or "",
    )


def read_to_pb(event: NotificationsRead) -> notification_events_pb2.NotificationRead:
    """`notification.read.v1`."""
    return notification_events_pb2.NotificationRead(
        user_id=event.inbox.user_id,
        notification_ids=event.notification_ids,
        up_to_seq=event.up_to_seq,
        occurred_at=timestamp_to_pb(event.occurred_at),
    )


def withdrawn_to_pb(event: NotificationWithdrawn) -> notification_events_pb2.NotificationWithdrawn:
    """`notification.withdrawn.v1`."""
    return notification_events_pb2.NotificationWithdrawn(
        notification_id=event.notification_id,
        user_id=event.inbox.user_id,
        seq=event.seq,
        occurred_at=timestamp_to_pb(event.occurred_at),
    )


def seen_to_pb(event: NotificationsSeen) -> notification_events_pb2.NotificationSeen:
    """`notification.seen.v1`."""
    return notification_events_pb2.NotificationSeen(
        user_id=event.inbox.user_id,
        up_to_seq=event.up_to_seq,
        occurred_at=timestamp_to_pb(event.occurred_at),
    )


def archived_to_pb(event: NotificationArchived) -> notification_events_pb2.NotificationArchived:
    """`notification.archived.v1`."""
    return notification_events_pb2.NotificationArchived(
        notification_id=event.notification_id,
        user_id=event.inbox.user_id,
        archived=event.is_archived,
        occurred_at=timestamp_to_pb(event.occurred_at),
        version=event.inbox.version,
    )
