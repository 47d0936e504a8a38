"""The running service says why."""

from datetime import UTC, datetime
from typing import Any

import pytest
from google.protobuf.message import Message
from pinstack_proto.notification.v1 import notification_pb2 as pb
from pinstack_proto.notification.v1.notification_pb2_grpc import NotificationServiceStub
from service_kit import errors
from service_kit.timestamps import timestamp_from_pb, timestamp_to_pb
from service_kit.uuid7 import uuid7

from tests.integration.calls import send
from tests.integration.replay_world import World

SENT_AT = timestamp_to_pb(datetime(2026, 1, 2, 3, 4, 5, 678900, tzinfo=UTC))


def a_delivery(user_id: int, **changes: Any) -> pb.Delivery:
    """Something that a gateway has put on the wire."""
    values = {"first_seq": 1, "last_seq": 1, "connection_id": 2**53, "session_id": "5f0c"}
    return pb.Delivery(
        **{"user_id": user_id, "carrier": "sse", "sent_at": SENT_AT, **values, **changes}
    )


async def origin(
    stub: NotificationServiceStub, notification_id: int, caller_id: int
) -> pb.GetNotificationOriginResponse:
    return await stub.GetNotificationOrigin(
        pb.GetNotificationOriginRequest(notification_id=notification_id, caller_id=caller_id)
    )


async def test_a_notification_says_where_it_comes_from_and_where_it_went(
    stub: NotificationServiceStub, world: World
) -> None:
    await world.follows(11, 10)
    (row,) = await world.ask("SELECT id, event_id FROM notifications WHERE user_id = 10")
    delivery = a_delivery(10)
    await stub.NoteDeliveries(pb.NoteDeliveriesRequest(deliveries=[delivery]))
    found = await origin(stub, row["id"], 10)
    assert (found.notification.id, found.not_pushed) == (row["id"], "")
    assert list(found.deliveries) == [delivery]
    event = found.event
    assert (event.event_id, event.type) == (str(row["event_id"]), "relation.follow_created.v1")
    assert (event.topic, 0 <= event.partition < 6) == ("relation-events", True)
    moments = [event.committed_at, event.published_at, event.consumed_at]
    *before, consumed = [timestamp_from_pb(moment) for moment in moments]
    committed, published = (moment.replace(microsecond=0) for moment in before)
    assert committed <= published <= consumed

    request = pb.GetEventOutcomeRequest(event_id=event.event_id, user_id=10)
    outcome = await stub.GetEventOutcome(request)
    assert (outcome.outcome, outcome.reason) == ("made", "")
    assert (outcome.notification_id, outcome.event) == (row["id"], event)


async def test_an_event_of_others_is_answered_as_one_that_is_unknown(
    stub: NotificationServiceStub, world: World
) -> None:
    await world.follows(21, 20)
    (row,) = await world.ask("SELECT event_id FROM notifications WHERE user_id = 20")
    of_others, of_nobody = [
        await stub.GetEventOutcome(pb.GetEventOutcomeRequest(event_id=str(one), user_id=29))
        for one in (row["event_id"], uuid7())
    ]
    assert of_others == of_nobody == pb.GetEventOutcomeResponse(outcome="unknown")


async def test_what_somebody_sent_has_no_event(stub: NotificationServiceStub) -> None:
    number = await send(stub, 30, actor_id=31)
    found = await origin(stub, number, 30)
    assert not found.HasField("event")
    assert (found.not_pushed, found.notification.actor_id) == ("under_way", 31)


@pytest.mark.parametrize(
    ("caller_id", "error"), [(41, errors.PermissionDenied), (0, errors.InvalidArgument)]
)
async def test_only_its_owner_hears_why(
    stub: NotificationServiceStub, caller_id: int, error: type[errors.AppError]
) -> None:
    number = await send(stub, 40)
    with pytest.raises(error):
        await origin(stub, number, caller_id)
    with pytest.raises(errors.NotFound):
        await origin(stub, number + 1_000_000, 40)


@pytest.mark.parametrize(
    ("method", "request_"),
    [
        ("GetEventOutcome", pb.GetEventOutcomeRequest(event_id="17", user_id=1)),
        ("GetEventOutcome", pb.GetEventOutcomeRequest(event_id=str(uuid7()))),
        ("GetNotificationOrigin", pb.GetNotificationOriginRequest(caller_id=1)),
        *(
            ("NoteDeliveries", pb.NoteDeliveriesRequest(deliveries=[one]))
            for one in (
                a_delivery(0),
                a_delivery(1, first_seq=0),
                a_delivery(1, first_seq=2),
                a_delivery(1, last_seq=1001),
                a_delivery(1, carrier="pigeon"),
                a_delivery(1, session_id="x" * 65),
                a_delivery(1, session_id="a\0b"),
            )
        ),
        ("NoteDeliveries", pb.NoteDeliveriesRequest(deliveries=[a_delivery(1)] * 10_001)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_makes_no_sense_is_invalid(
    stub: NotificationServiceStub, method: str, request_: Message
) -> None:
    with pytest.raises(errors.InvalidArgument):
        await getattr(stub, method)(request_)
