"""The part of notification.v1 that says why."""

from datetime import datetime
from typing import Final
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp
from pinstack_proto.notification.v1 import notification_pb2
from pinstack_proto.notification.v1.notification_pb2_grpc import NotificationServiceServicer
from service_kit.grpc_server import Context
from service_kit.timestamps import timestamp_from_pb, timestamp_to_pb

from notification_service.adapters.grpc_servicer.messages import notification_to_pb
from notification_service.application.explanations import Explanations
from notification_service.domain.errors import FieldViolation, InvalidNotification
from notification_service.domain.provenance import (
    LONGEST_RUN,
    Cause,
    Consumed,
    Delivery,
    Explanation,
    Why,
)

_MOST_AT_ONCE: Final = 10_000
_CARRIERS: Final = frozenset({"websocket", "sse"})
_LONGEST_SESSION: Final = 64


class ExplanationsServicer(NotificationServiceServicer):
    """Explanations, for whoever calls by gRPC."""

    def __init__(self, explanations: Explanations) -> None:
        self._explanations = explanations

    async def GetNotificationOrigin(
        self, request: notification_pb2.GetNotificationOriginRequest, context: Context
    ) -> notification_pb2.GetNotificationOriginResponse:
        why = await self._explanations.why(request.notification_id, request.caller_id)
        return why_to_pb(why)

    async def GetEventOutcome(
        self, request: notification_pb2.GetEventOutcomeRequest, context: Context
    ) -> notification_pb2.GetEventOutcomeResponse:
        event_id = event_id_from_text(request.event_id)
        return explanation_to_pb(await self._explanations.explain(event_id, request.user_id))

    async def NoteDeliveries(
        self, request: notification_pb2.NoteDeliveriesRequest, context: Context
    ) -> notification_pb2.NoteDeliveriesResponse:
        if len(request.deliveries) > _MOST_AT_ONCE:
            raise _violation("deliveries", f"must be at most {_MOST_AT_ONCE}")
        await self._explanations.note([delivery_from_pb(one) for one in request.deliveries])
        return notification_pb2.NoteDeliveriesResponse()


def event_id_from_text(text: str) -> UUID:
    """The id of an event. Raises `InvalidNotification`."""
    try:
        return UUID(text)
    except ValueError:
        raise _violation("event_id", "must be a UUID") from None


def delivery_from_pb(message: notification_pb2.Delivery) -> Delivery:
    """What a gateway has put on the wire. Raises `InvalidNotification`."""
    is_run = 1 <= message.first_seq <= message.last_seq < message.first_seq + LONGEST_RUN
    if not (is_run and message.user_id >= 1):
        raise _violation("deliveries", f"must name somebody's seqs, at most {LONGEST_RUN}")
    session_id = message.session_id
    if message.carrier not in _CARRIERS or "\0" in session_id or len(session_id) > _LONGEST_SESSION:
        raise _violation("deliveries", "must name a session and a carrier")
    return Delivery(
        message.user_id,
        message.first_seq,
        message.last_seq,
        message.connection_id,
        session_id,
        message.carrier,
        _moment(message.sent_at),
    )


def why_to_pb(why: Why) -> notification_pb2.GetNotificationOriginResponse:
    """All about a notification."""
    return notification_pb2.GetNotificationOriginResponse(
        notification=notification_to_pb(why.notification),
        event=_origin_of(why.cause),
        deliveries=map(delivery_to_pb, why.deliveries),
        not_pushed=why.not_pushed or "",
    )


def delivery_to_pb(delivery: Delivery) -> notification_pb2.Delivery:
    """What was put on the wire."""
    return notification_pb2.Delivery(
        user_id=delivery.user_id,
        first_seq=delivery.first_seq,
        last_seq=delivery.last_seq,
        connection_id=delivery.connection_id,
        session_id=delivery.session_id,
        carrier=delivery.carrier,
        sent_at=timestamp_to_pb(delivery.sent_at),
    )


def explanation_to_pb(explanation: Explanation) -> notification_pb2.GetEventOutcomeResponse:
    """What has become of an event for somebody."""
    event = explanation.event
    return notification_pb2.GetEventOutcomeResponse(
        outcome=explanation.outcome,
        reason=explanation.reason or "",
        notification_id=explanation.notification_id or 0,
        event=None if event is None else event_to_pb(event),
    )


def event_to_pb(event: Consumed) -> notification_pb2.EventOrigin:
    """An event, as far as it is known."""
    message = notification_pb2.EventOrigin(event_id=str(event.event_id))
    message.consumed_at.CopyFrom(timestamp_to_pb(event.consumed_at))
    if (origin := event.origin) is not None:
        message.type, message.topic = origin.type, origin.topic
        message.partition, message.offset = origin.partition, origin.offset
        message.committed_at.CopyFrom(timestamp_to_pb(origin.committed_at))
        if origin.published_at is not None:
            message.published_at.CopyFrom(timestamp_to_pb(origin.published_at))
    return message


def _origin_of(cause: Cause) -> notification_pb2.EventOrigin | None:
    if cause.event is not None:
        return event_to_pb(cause.event)
    if cause.event_id is not None:
        return notification_pb2.EventOrigin(event_id=str(cause.event_id))
    return None


def _moment(stamp: Timestamp) -> datetime:
    try:
        return timestamp_from_pb(stamp)
    except ValueError:
        raise _violation("deliveries.sent_at", "must be a time") from None


def _violation(field: str, issue: str) -> InvalidNotification:
    return InvalidNotification(violations=[FieldViolation(field, issue)])
