"""The running service: every RPC with its success and its errors."""

from typing import Any

import pytest
from google.protobuf.message import Message
from pinstack_proto.notification.v1 import notification_pb2 as pb
from pinstack_proto.notification.v1.notification_pb2_grpc import NotificationServiceStub
from prometheus_client import REGISTRY
from service_kit import errors

from tests.integration.calls import details, send, unread
from tests.integration.replay_world import World


async def test_what_is_sent_is_found_as_it_was_sent(stub: NotificationServiceStub) -> None:
    payload = '{ "text":"žluťoučký", "n":1.50, "n":2 }'.encode()
    id_ = await send(stub, 1, payload, actor_id=9)
    found = await details(stub, id_, 1)
    assert (found.id, found.user_id, found.type, found.seq) == (id_, 1, "greeting", 1)
    assert (found.payload, found.actor_id, found.is_read) == (payload, 9, False)
    assert found.created_at.seconds > 0
    assert await details(stub, id_) == found  # a client older than caller_id
    bare = await details(stub, await send(stub, 1), 1)
    assert (bare.payload, bare.HasField("actor_id"), bare.seq) == (b"", False, 2)


async def test_what_is_sent_is_counted_by_type(stub: NotificationServiceStub) -> None:
    def counted() -> float:
        return REGISTRY.get_sample_value("pinstack_notifications_total", {"type": "custom"}) or 0

    before = counted()
    await send(stub, 2)
    assert counted() == before + 1


async def test_the_same_key_gives_the_same_notification(stub: NotificationServiceStub) -> None:
    key: dict[str, Any] = {"idempotency_key": "abc", "actor_id": 9}
    first = await send(stub, 3, **key)
    assert await send(stub, 3, **key) == first
    assert await send(stub, 3, idempotency_key="abc", actor_id=10) != first
    assert await unread(stub, 3) == 2


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"user_id": 0}, "user_id"),
        ({"type": "No"}, "type"),
        ({"type": ""}, "type"),
        ({"payload": b"{"}, "payload"),
        ({"payload": b'"' + b"x" * 16384 + b'"'}, "payload"),
        ({"actor_id": -1}, "actor_id"),
        ({"idempotency_key": "a\0b"}, "idempotency_key"),
    ],
)
async def test_a_notification_that_can_not_be_says_which_field_is_wrong(
    stub: NotificationServiceStub, fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(errors.InvalidArgument) as caught:
        await stub.SendNotification(
            pb.SendNotificationRequest(**{"user_id": 1, "type": "greeting", **fields})
        )
    assert caught.value.code == "VALIDATION_FAILED"
    assert [violation.field for violation in caught.value.violations] == [field]


async def test_nothing_is_sent_to_nobody(stub: NotificationServiceStub, world: World) -> None:
    world.users.gone.add(4)
    with pytest.raises(errors.NotFound) as caught:
        await send(stub, 4)
    assert (caught.value.code, caught.value.message) == ("USER_NOT_FOUND", "user not found")
    world.users.is_away = True
    with pytest.raises(errors.Unavailable):
        await send(stub, 5)


@pytest.mark.parametrize(
    ("caller_id", "kind", "code", "message"),
    [
        (
            99,
            errors.PermissionDenied,
            "NOTIFICATION_ACCESS_DENIED",
            "access to notification denied",
        ),
        (6, errors.NotFound, "NOTIFICATION_NOT_FOUND", "notification not found"),
    ],
)
async def test_who_may_not_and_what_is_gone_is_told_the_same_by_every_call(
    stub: NotificationServiceStub,
    caller_id: int,
    kind: type[errors.AppError],
    code: str,
    message: str,
) -> None:
    id_ = await send(stub, 6)
    if kind is errors.NotFound:
        await stub.RemoveNotification(
            pb.RemoveNotificationRequest(notification_id=id_, caller_id=caller_id)
        )
    what = {"notification_id": id_, "caller_id": caller_id}
    for call in (
        stub.GetNotificationDetails(pb.GetNotificationDetailsRequest(**what)),
        stub.ReadNotification(pb.ReadNotificationRequest(**what)),
        stub.RemoveNotification(pb.RemoveNotificationRequest(**what)),
    ):
        with pytest.raises(kind) as caught:
            await call
        assert (caught.value.code, caught.value.message) == (code, message)


async def test_one_is_read_once_and_says_so_the_second_time(stub: NotificationServiceStub) -> None:
    id_ = await send(stub, 7)
    await send(stub, 7)
    request = pb.ReadNotificationRequest(notification_id=id_, caller_id=7)
    first, second = await stub.ReadNotification(request), await stub.ReadNotification(request)
    assert (first.already_read, first.unread) == (False, 1)
    assert (second.already_read, second.unread) == (True, 1)
    assert (await details(stub, id_, 7)).is_read


async def test_one_is_removed_and_no_longer_counted(stub: NotificationServiceStub) -> None:
    id_ = await send(stub, 8)
    await send(stub, 8)
    request = pb.RemoveNotificationRequest(notification_id=id_, caller_id=8)
    assert (await stub.RemoveNotification(request)).unread == 1
    assert await unread(stub, 8) == 1


async def test_all_are_read_or_all_up_to_a_seq(stub: NotificationServiceStub) -> None:
    for _ in range(3):
        await send(stub, 9)
    some = await stub.ReadAllUserNotifications(
        pb.ReadAllUserNotificationsRequest(user_id=9, up_to_seq=2)
    )
    assert (some.updated, some.unread) == (2, 1)
    everything = pb.ReadAllUserNotificationsRequest(user_id=9)
    rest = await stub.ReadAllUserNotifications(everything)
    assert (rest.updated, rest.unread) == (1, 0)
    none = await stub.ReadAllUserNotifications(everything)
    assert (none.updated, none.unread) == (0, 0)


@pytest.mark.parametrize(
    ("method", "request_"),
    [
        ("GetUnreadCount", pb.GetUnreadCountRequest()),
        ("GetInboxState", pb.GetInboxStateRequest(user_id=-1)),
        ("ListSince", pb.ListSinceRequest(user_id=1, after_seq=-1)),
        ("ListSince", pb.ListSinceRequest(user_id=1, limit=-1)),
        ("ReadAllUserNotifications", pb.ReadAllUserNotificationsRequest(user_id=0)),
        (
            "ReadAllUserNotifications",
            pb.ReadAllUserNotificationsRequest(user_id=1, up_to_seq=-1),
        ),
        ("GetNotificationDetails", pb.GetNotificationDetailsRequest()),
        ("ReadNotification", pb.ReadNotificationRequest(notification_id=-5)),
        ("RemoveNotification", pb.RemoveNotificationRequest()),
    ],
)
async def test_what_can_not_be_an_id_or_a_seq_is_invalid(
    stub: NotificationServiceStub, method: str, request_: Message
) -> None:
    with pytest.raises(errors.InvalidArgument):
        await getattr(stub, method)(request_)
