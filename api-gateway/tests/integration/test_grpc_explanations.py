"""Why there is a notification, over gRPC, against a service in this process."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from pinstack_proto.notification.v1 import notification_pb2 as pb
from service_kit.timestamps import timestamp_to_pb

from api_gateway.adapters.grpc.explanations import (
    GrpcDeliveryLog,
    GrpcExplanations,
    delivery_to_pb,
)
from api_gateway.domain.explanation import Delivery, Event, EventPlace, Explanation, Why
from api_gateway.domain.notification import Notification
from tests.fakes.upstream import Upstream, upstream

SERVICE = pb.DESCRIPTOR.services_by_name["NotificationService"]
AT = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
STAMP = timestamp_to_pb(AT)
ID = UUID("019b7d3a-6c11-7f0e-9b53-0d6f6a3d2c41")
DELIVERY = Delivery(1, 9, 12, 2**52 - 1, "5f0c", "websocket", AT)
ONE = Notification(17, 1, "follow_created", False, AT, 9)
MESSAGE = pb.NotificationResponse(id=17, user_id=1, type="follow_created", created_at=STAMP, seq=9)
ORIGIN = pb.EventOrigin(
    event_id=str(ID),
    type="relation.follow_created.v1",
    topic="relation-events",
    partition=3,
    offset=1042,
    committed_at=STAMP,
    consumed_at=STAMP,
)
PLACE = EventPlace("relation.follow_created.v1", "relation-events", 3, 1042, AT)


@pytest.fixture
async def service() -> AsyncIterator[Upstream]:
    async with upstream(SERVICE) as there:
        yield there


async def test_all_about_a_notification_comes_whole(service: Upstream) -> None:
    service.answers["GetNotificationOrigin"] = pb.GetNotificationOriginResponse(
        notification=MESSAGE, event=ORIGIN, deliveries=[delivery_to_pb(DELIVERY)]
    )
    found = await GrpcExplanations(service.channel).why(17, 1)
    assert found == Why(ONE, Event(ID, PLACE, AT), (DELIVERY,))
    assert service.asked("GetNotificationOrigin") == (
        pb.GetNotificationOriginRequest(notification_id=17, caller_id=1)
    )


async def test_what_is_not_known_is_none(service: Upstream) -> None:
    service.answers["GetNotificationOrigin"] = pb.GetNotificationOriginResponse(
        notification=MESSAGE, event=pb.EventOrigin(event_id=str(ID)), not_pushed="live_off"
    )
    found = await GrpcExplanations(service.channel).why(17, 1)
    assert found == Why(ONE, Event(ID), (), "live_off")


async def test_an_event_and_what_has_become_of_it(service: Upstream) -> None:
    ORIGIN.published_at.CopyFrom(STAMP)
    service.answers["GetEventOutcome"] = pb.GetEventOutcomeResponse(
        outcome="skipped", reason="withdrawn", notification_id=17, event=ORIGIN
    )
    found = await GrpcExplanations(service.channel).explain(ID, 1)
    place = replace(PLACE, published_at=AT)
    assert found == Explanation("skipped", "withdrawn", 17, Event(ID, place, AT))
    request = pb.GetEventOutcomeRequest(event_id=str(ID), user_id=1)
    assert service.asked("GetEventOutcome") == request


async def test_an_unknown_event_has_nothing_more(service: Upstream) -> None:
    service.answers["GetEventOutcome"] = pb.GetEventOutcomeResponse(outcome="unknown")
    assert await GrpcExplanations(service.channel).explain(ID, 1) == Explanation("unknown")


async def test_what_is_put_on_the_wire_is_told(service: Upstream) -> None:
    service.answers["NoteDeliveries"] = pb.NoteDeliveriesResponse()
    await GrpcDeliveryLog(service.channel).note([DELIVERY, DELIVERY])
    told = pb.NoteDeliveriesRequest(deliveries=[delivery_to_pb(DELIVERY)] * 2)
    assert service.asked("NoteDeliveries") == told
