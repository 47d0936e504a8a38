"""Why there is a notification, over gRPC from notification-service; and what it hears of that."""

from collections.abc import Sequence
from uuid import UUID

import grpc
from pinstack_proto.notification.v1 import notification_pb2 as pb
from pinstack_proto.notification.v1.notification_pb2_grpc import NotificationServiceStub
from service_kit.timestamps import timestamp_from_pb, timestamp_to_pb

from api_gateway.adapters.grpc.notifications import notification_from_pb
from api_gateway.domain.explanation import Delivery, Event, EventPlace, Explanation, Why


class GrpcExplanations:
    """What notification-service knows of its notifications."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = NotificationServiceStub(channel)

    async def why(self, notification_id: int, caller_id: int) -> Why:
        request = pb.GetNotificationOriginRequest(
            notification_id=notification_id, caller_id=caller_id
        )
        return why_from_pb(await self._stub.GetNotificationOrigin(request))

    async def explain(self, event_id: UUID, user_id: int) -> Explanation:
        request = pb.GetEventOutcomeRequest(event_id=str(event_id), user_id=user_id)
        return explanation_from_pb(await self._stub.GetEventOutcome(request))


class GrpcDeliveryLog:
    """Tells notification-service what was put on the wire."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = NotificationServiceStub(channel)

    async def note(self, deliveries: Sequence[Delivery]) -> None:
        messages = map(delivery_to_pb, deliveries)
        await self._stub.NoteDeliveries(pb.NoteDeliveriesRequest(deliveries=messages))


def why_from_pb(message: pb.GetNotificationOriginResponse) -> Why:
    """All about a notification."""
    return Why(
        notification_from_pb(message.notification),
        event_from_pb(message.event) if message.HasField("event") else None,
        tuple(delivery_from_pb(one) for one in message.deliveries),
        message.not_pushed or None,
    )


def explanation_from_pb(message: pb.GetEventOutcomeResponse) -> Explanation:
    """What has become of an event for somebody."""
    return Explanation(
        message.outcome,
        message.reason or None,
        message.notification_id or None,
        event_from_pb(message.event) if message.HasField("event") else None,
    )


def event_from_pb(message: pb.EventOrigin) -> Event:
    """An event, as far as it is known."""
    place = None
    if message.type:
        has_stamp = message.HasField("published_at")
        place = EventPlace(
            *(message.type, message.topic, message.partition, message.offset),
            timestamp_from_pb(message.committed_at),
            timestamp_from_pb(message.published_at) if has_stamp else None,
        )
    is_known = message.HasField("consumed_at")
    consumed_at = timestamp_from_pb(message.consumed_at) if is_known else None
    return Event(UUID(message.event_id), place, consumed_at)


def delivery_from_pb(message: pb.Delivery) -> Delivery:
    """What was put on the wire."""
    return Delivery(
        *(message.user_id, message.first_seq, message.last_seq),
        *(message.connection_id, message.session_id, message.carrier),
        timestamp_from_pb(message.sent_at),
    )


def delivery_to_pb(delivery: Delivery) -> pb.Delivery:
    """The inverse of `delivery_from_pb`."""
    return pb.Delivery(
        user_id=delivery.user_id,
        first_seq=delivery.first_seq,
        last_seq=delivery.last_seq,
        connection_id=delivery.connection_id,
        session_id=delivery.session_id,
        carrier=delivery.carrier,
        sent_at=timestamp_to_pb(delivery.sent_at),
    )
