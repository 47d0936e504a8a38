"""Why there is a notification, and why there is none, as a client sees it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import Field

from api_gateway.adapters.http.schemas.fields import Data, QueryModel
from api_gateway.domain.explanation import Delivery, Event, Explanation, Why

NotPushed = Literal["live_off", "quiet_hours", "no_socket_open", "under_way", "not_kept"]
Outcome = Literal["made", "skipped", "under_way", "unknown"]
Reason = Literal[
    "own_action",
    "muted",
    "in_app_off",
    "withdrawn",
    "duplicate",
    "not_following",
    "makes_none",
    "not_kept",
]


class ExplainQuery(QueryModel):
    """Which event."""

    event_id: Annotated[UUID, Field(description="The `ce_id` of the event.")]


class EventData(Data):
    """An event: where it is in Kafka, and when it came how far. What is absent is not known."""

    id: UUID
    type: str | None = None
    topic: str | None = None
    partition: int | None = None
    offset: int | None = None
    committed_at: datetime | None = None
    published_at: datetime | None = None
    consumed_at: datetime | None = None


class DeliveryData(Data):
    """It was put on the wire of one of one's connections; `session_id` is as in the sessions."""

    connection_id: str
    session_id: str
    carrier: Literal["websocket", "sse"]
    sent_at: datetime


class WhyData(Data):
    """Where a notification comes from and where it went.

    Either an `event` made it, or the user `sent_by`. `not_pushed` says why it was not pushed when
    it was made; it may have been delivered later.
    """

    notification_id: int
    type: str
    seq: int
    made_at: datetime
    sent_by: int | None = None
    event: EventData | None = None
    deliveries: list[DeliveryData]
    not_pushed: NotPushed | None = None


class ExplanationData(Data):
    """What has become of an event for oneself.

    `reason` is there where it is skipped, `notification_id` where there is a notification, or was.
    An event that concerns others only is unknown.
    """

    event_id: UUID
    outcome: Outcome
    reason: Reason | None = None
    notification_id: int | None = None
    event: EventData | None = None


_EVENT: Final[Mapping[str, object]] = {
    "id": "019b7d3a-6c11-7f0e-9b53-0d6f6a3d2c41",
    "type": "relation.follow_created.v1",
    "topic": "relation-events",
    "partition": 3,
    "offset": 1042,
    "committed_at": "2026-01-02T03:04:05.120000Z",
    "published_at": "2026-01-02T03:04:05.123000Z",
    "consumed_at": "2026-01-02T03:04:05.127000Z",
}
WHY_EXAMPLE: Final[Mapping[str, object]] = {
    "notification_id": 17,
    "type": "follow_created",
    "seq": 125,
    "made_at": "2026-01-02T03:04:05.129000Z",
    "event": _EVENT,
    "deliveries": [
        {
            "connection_id": "0c5b2a91f7e3d",
            "session_id": "8f14e45f-ceea-467f-a9f3-3d0f4b1c2a77",
            "carrier": "websocket",
            "sent_at": "2026-01-02T03:04:05.134000Z",
        }
    ],
}
EXPLANATION_EXAMPLE: Final[Mapping[str, object]] = {
    "event_id": _EVENT["id"],
    "outcome": "skipped",
    "reason": "muted",
    "event": {**_EVENT, "type": "post.created.v1", "topic": "post-events"},
}


def why_content(why: Why) -> dict[str, Any]:
    """All about a notification; what is not known is absent."""
    one = why.notification
    content = {
        "notification_id": one.id,
        "type": one.type,
        "seq": one.seq,
        "made_at": one.created_at,
        "sent_by": one.actor_id,
        "event": None if why.event is None else _event_content(why.event),
        "deliveries": [_delivery_content(delivery) for delivery in why.deliveries],
        "not_pushed": why.not_pushed,
    }
    return _known(content)


def explanation_content(event_id: UUID, explanation: Explanation) -> dict[str, Any]:
    """What has become of an event; what is not known is absent."""
    event = explanation.event
    content = {
        "event_id": str(event_id),
        "outcome": explanation.outcome,
        "reason": explanation.reason,
        "notification_id": explanation.notification_id,
        "event": None if event is None else _event_content(event),
    }
    return _known(content)


def _event_content(event: Event) -> dict[str, Any]:
    content: dict[str, Any] = {"id": str(event.id), "consumed_at": event.consumed_at}
    if (place := event.place) is not None:
        content |= {name: getattr(place, name) for name in place.__match_args__}
    return _known(content)


def _delivery_content(delivery: Delivery) -> dict[str, Any]:
    return {
        "connection_id": f"{delivery.connection_id:013x}",
        "session_id": delivery.session_id,
        "carrier": delivery.carrier,
        "sent_at": delivery.sent_at,
    }


def _known(content: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if value is not None}
