"""The client of notification-service, against one in this process."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from pinstack_proto.notification.v1 import notification_pb2
from service_kit.errors import PermissionDenied
from service_kit.timestamps import timestamp_to_pb

from api_gateway.adapters.grpc.notifications import GrpcGroups, GrpcNotifications
from api_gateway.domain.group import Group
from api_gateway.domain.notification import Counts, FeedFilter, Notification, NotificationDraft
from api_gateway.domain.page import PageRequest
from tests.fakes.upstream import Upstream, upstream

SERVICE = notification_pb2.DESCRIPTOR.services_by_name["NotificationService"]
AT = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
FROM_A_USER = notification_pb2.NotificationResponse(
    id=7,
    user_id=1,
    type="greeting",
    is_read=True,
    created_at=timestamp_to_pb(AT),
    payload=b'{"a": 1.0}',
    actor_id=2,
    seq=12,
)
FROM_THE_SYSTEM = notification_pb2.NotificationResponse(
    id=8, user_id=1, type="news", created_at=timestamp_to_pb(AT), seq=13
)


@pytest.fixture
async def service() -> AsyncIterator[Upstream]:
    async with upstream(SERVICE) as there:
        yield there


async def test_sending_names_the_sender_and_the_key(service: Upstream) -> None:
    service.answers["SendNotification"] = notification_pb2.SendNotificationResponse(
        notification_id=99
    )
    sent = await GrpcNotifications(service.channel).send(
        NotificationDraft(1, "greeting", b"[1]"), actor_id=2, idempotency_key="k"
    )
    assert sent == 99
    assert service.asked("SendNotification") == notification_pb2.SendNotificationRequest(
        user_id=1, type="greeting", payload=b"[1]", actor_id=2, idempotency_key="k"
    )


async def test_a_notification_without_payload_is_sent_without(service: Upstream) -> None:
    service.answers["SendNotification"] = notification_pb2.SendNotificationResponse(
        notification_id=1
    )
    draft = NotificationDraft(1, "greeting")
    await GrpcNotifications(service.channel).send(draft, actor_id=2, idempotency_key="")
    assert service.asked("SendNotification") == notification_pb2.SendNotificationRequest(
        user_id=1, type="greeting", actor_id=2
    )


async def test_a_notification_of_a_user_bears_its_sender_and_payload(service: Upstream) -> None:
    service.answers["GetNotificationDetails"] = FROM_A_USER
    found = await GrpcNotifications(service.channel).get(7, 1)
    assert found == Notification(7, 1, "greeting", True, AT, 12, b'{"a": 1.0}', 2)
    assert service.asked("GetNotificationDetails") == (
        notification_pb2.GetNotificationDetailsRequest(notification_id=7, caller_id=1)
    )


async def test_one_of_the_system_bears_neither(service: Upstream) -> None:
    service.answers["GetNotificationDetails"] = FROM_THE_SYSTEM
    found = await GrpcNotifications(service.channel).get(8, 1)
    assert found == Notification(8, 1, "news", False, AT, 13, None, None)


async def test_a_refusal_passes_unchanged(service: Upstream) -> None:
    service.answers["RemoveNotification"] = PermissionDenied(
        "access to notification denied", code="DENIED"
    )
    with pytest.raises(PermissionDenied, match="access to notification denied") as refusal:
        await GrpcNotifications(service.channel).remove(7, 2)
    assert refusal.value.code == "DENIED"


async def test_a_page_of_the_inbox_says_what_was_asked_for(service: Upstream) -> None:
    service.answers["GetUserNotificationFeed"] = notification_pb2.GetUserNotificationFeedResponse(
        notifications=[FROM_THE_SYSTEM, FROM_A_USER],
        total=30_000,
        total_is_estimate=True,
        next_cursor="on",
    )
    page = await GrpcNotifications(service.channel).feed(
        1, PageRequest(3, 2, "here"), which=FeedFilter(unread_only=True)
    )
    assert [one.id for one in page.items] == [8, 7]
    assert (page.total, page.total_is_estimate, page.next_cursor) == (30_000, True, "on")
    assert service.asked("GetUserNotificationFeed") == (
        notification_pb2.GetUserNotificationFeedRequest(
            user_id=1, page=3, limit=2, cursor="here", unread_only=True
        )
    )


async def test_the_unread_ones_are_counted(service: Upstream) -> None:
    service.answers["GetInboxState"] = notification_pb2.GetInboxStateResponse(
        last_seq=9, unread=4, unseen=2, seen_up_to_seq=7
    )
    assert await GrpcNotifications(service.channel).counts(1) == Counts(4, 2, 7)
    assert service.asked("GetInboxState") == notification_pb2.GetInboxStateRequest(user_id=1)


async def test_the_archive_is_a_feed_of_its_own(service: Upstream) -> None:
    archived = notification_pb2.NotificationResponse()
    archived.CopyFrom(FROM_A_USER)
    archived.archived_at.CopyFrom(timestamp_to_pb(AT))
    service.answers["GetUserNotificationFeed"] = notification_pb2.GetUserNotificationFeedResponse(
        notifications=[archived]
    )
    page = await GrpcNotifications(service.channel).feed(
        1, PageRequest(), which=FeedFilter(archived=True)
    )
    assert [one.archived_at for one in page.items] == [AT]
    assert service.asked("GetUserNotificationFeed") == (
        notification_pb2.GetUserNotificationFeedRequest(user_id=1, page=1, limit=20, archived=True)
    )


async def test_a_page_of_groups_says_what_was_asked_for(service: Upstream) -> None:
    group = notification_pb2.GetGroupedFeedResponse.Group(
        latest=FROM_A_USER, size=5, unread=4, actor_ids=[2, 3], actors=5
    )
    service.answers["GetGroupedFeed"] = notification_pb2.GetGroupedFeedResponse(
        groups=[group], next_cursor="on"
    )
    page = await GrpcGroups(service.channel).page(1, 2, "here", unread_only=True)
    latest = Notification(7, 1, "greeting", True, AT, 12, b'{"a": 1.0}', 2)
    assert page.items == (Group(latest, 5, 4, (2, 3), 5),)
    assert page.next_cursor == "on"
    assert service.asked("GetGroupedFeed") == notification_pb2.GetGroupedFeedRequest(
        user_id=1, limit=2, cursor="here", unread_only=True
    )


@pytest.mark.parametrize("up_to_seq", [None, 0, 12])
async def test_seeing_goes_as_far_as_asked(service: Upstream, up_to_seq: int | None) -> None:
    service.answers["MarkSeen"] = notification_pb2.MarkSeenResponse(unseen=3, seen_up_to_seq=12)
    assert await GrpcNotifications(service.channel).mark_seen(1, up_to_seq) == (3, 12)
    assert service.asked("MarkSeen") == (
        notification_pb2.MarkSeenRequest(user_id=1, up_to_seq=up_to_seq)
    )


@pytest.mark.parametrize("archived", [True, False])
async def test_archiving_says_whether_it_changed_anything(
    service: Upstream, archived: bool
) -> None:
    service.answers["SetNotificationArchived"] = notification_pb2.SetNotificationArchivedResponse(
        changed=archived
    )
    done = await GrpcNotifications(service.channel).set_archived(7, 1, archived=archived)
    assert done is archived
    assert service.asked("SetNotificationArchived") == (
        notification_pb2.SetNotificationArchivedRequest(
            notification_id=7, caller_id=1, archived=archived
        )
    )


@pytest.mark.parametrize("before", [True, False])
async def test_reading_says_whether_it_was_read_before(service: Upstream, before: bool) -> None:
    service.answers["ReadNotification"] = notification_pb2.ReadNotificationResponse(
        already_read=before
    )
    assert await GrpcNotifications(service.channel).mark_read(7, 1) is before
    assert service.asked("ReadNotification") == notification_pb2.ReadNotificationRequest(
        notification_id=7, caller_id=1
    )


@pytest.mark.parametrize("up_to_seq", [None, 0, 12])
async def test_reading_all_goes_as_far_as_asked(service: Upstream, up_to_seq: int | None) -> None:
    service.answers["ReadAllUserNotifications"] = notification_pb2.ReadAllUserNotificationsResponse(
        updated=3
    )
    assert await GrpcNotifications(service.channel).mark_all_read(1, up_to_seq) == 3
    assert service.asked("ReadAllUserNotifications") == (
        notification_pb2.ReadAllUserNotificationsRequest(user_id=1, up_to_seq=up_to_seq)
    )


async def test_removing_names_the_caller(service: Upstream) -> None:
    service.answers["RemoveNotification"] = notification_pb2.RemoveNotificationResponse()
    await GrpcNotifications(service.channel).remove(7, 1)
    assert service.asked("RemoveNotification") == notification_pb2.RemoveNotificationRequest(
        notification_id=7, caller_id=1
    )
