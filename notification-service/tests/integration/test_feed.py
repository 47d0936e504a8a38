"""The running service: the feed, what was missed, and where an inbox stands."""

from typing import Any

import pytest
from pinstack_proto.notification.v1 import notification_pb2 as pb
from pinstack_proto.notification.v1.notification_pb2_grpc import NotificationServiceStub
from service_kit import errors

from tests.integration.calls import send, unread


async def test_the_feed_is_read_to_its_end_by_cursor_and_by_page(
    stub: NotificationServiceStub,
) -> None:
    sent = [await send(stub, 10) for _ in range(5)]
    seen: list[int] = []
    request = pb.GetUserNotificationFeedRequest(user_id=10, limit=2)
    while True:
        answer = await stub.GetUserNotificationFeed(request)
        assert (answer.total, answer.limit, answer.total_pages) == (5, 2, 3)
        seen += [one.id for one in answer.notifications]
        if not answer.next_cursor:
            break
        request.cursor = answer.next_cursor
    assert seen == sent[::-1]
    second = pb.GetUserNotificationFeedRequest(user_id=10, limit=2, page=2)
    page = await stub.GetUserNotificationFeed(second)
    assert ([one.id for one in page.notifications], page.page) == ([sent[2], sent[1]], 2)
    beyond = pb.GetUserNotificationFeedRequest(user_id=10, limit=2, page=9)
    page = await stub.GetUserNotificationFeed(beyond)
    assert (len(page.notifications), page.total, page.next_cursor) == (0, 5, "")
    nobody = await stub.GetUserNotificationFeed(pb.GetUserNotificationFeedRequest(user_id=999))
    assert (nobody.total, nobody.total_pages, nobody.page, nobody.limit) == (0, 0, 1, 20)


async def test_the_feed_shows_the_unread_ones_alone_when_asked(
    stub: NotificationServiceStub,
) -> None:
    sent = [await send(stub, 11) for _ in range(3)]
    await stub.ReadNotification(pb.ReadNotificationRequest(notification_id=sent[1], caller_id=11))
    request = pb.GetUserNotificationFeedRequest(user_id=11, unread_only=True, limit=1)
    first = await stub.GetUserNotificationFeed(request)
    request.cursor = first.next_cursor
    last = await stub.GetUserNotificationFeed(request)
    assert [one.id for one in (*first.notifications, *last.notifications)] == [sent[2], sent[0]]
    assert (first.total, last.next_cursor) == (2, "")


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"user_id": 0}, "VALIDATION_FAILED", "user_id"),
        ({"limit": 101}, "VALIDATION_FAILED", "limit"),
        ({"limit": -1}, "VALIDATION_FAILED", "limit"),
        ({"page": -1}, "VALIDATION_FAILED", "page"),
        ({"page": 2**31 - 1}, "VALIDATION_FAILED", "page"),
        ({"cursor": "no cursor"}, "INVALID_CURSOR", None),
    ],
)
async def test_a_feed_that_can_not_be_says_why(
    stub: NotificationServiceStub, fields: dict[str, Any], code: str, field: str | None
) -> None:
    request = pb.GetUserNotificationFeedRequest(**{"user_id": 1, **fields})
    with pytest.raises(errors.InvalidArgument) as caught:
        await stub.GetUserNotificationFeed(request)
    assert caught.value.code == code
    assert [violation.field for violation in caught.value.violations] == [field] * bool(field)


async def test_what_was_missed_is_listed_with_tombstones(stub: NotificationServiceStub) -> None:
    sent = [await send(stub, 12, b"1") for _ in range(3)]
    await stub.RemoveNotification(
        pb.RemoveNotificationRequest(notification_id=sent[1], caller_id=12)
    )
    answer = await stub.ListSince(pb.ListSinceRequest(user_id=12, after_seq=1))
    assert [(one.seq, one.withdrawn, one.payload) for one in answer.notifications] == [
        (2, True, b""),
        (3, False, b"1"),
    ]
    assert (answer.last_seq, answer.unread, answer.truncated) == (3, 2, False)
    some = await stub.ListSince(pb.ListSinceRequest(user_id=12, limit=2))
    assert ([one.seq for one in some.notifications], some.truncated) == ([1, 2], True)


async def test_an_inbox_says_where_it_stands(stub: NotificationServiceStub) -> None:
    state = await stub.GetInboxState(pb.GetInboxStateRequest(user_id=998))
    assert (state.last_seq, state.unread) == (0, 0)
    await send(stub, 13)
    state = await stub.GetInboxState(pb.GetInboxStateRequest(user_id=13))
    assert (state.last_seq, state.unread, await unread(stub, 13)) == (1, 1, 1)
