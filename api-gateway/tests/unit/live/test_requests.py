"""What replicas of notification-service are asked, and what they say."""

from dataclasses import replace

from pinstack_proto.notification.v1.notification_pb2 import SubscribeResponse

from api_gateway.adapters.grpc.notification_stream import happening_from_pb, requests_for
from api_gateway.application.live.inbox import (
    InboxState,
    MediaChanged,
    Subscribed,
    UnreadChanged,
    Withdrawn,
)
from tests.fakes.notification_service import happening_to_pb
from tests.live.builders import delivery


def test_users_are_subscribed_in_chunks() -> None:
    requests = list(requests_for(dict.fromkeys(range(1, 1202), True)))
    assert [len(request.subscribe.user_ids) for request in requests] == [500, 500, 201]
    assert [one for request in requests for one in request.subscribe.user_ids] == [*range(1, 1202)]


def test_who_goes_is_told_before_who_comes() -> None:
    requests = list(requests_for({1: True, 2: False, 3: True}))
    assert [list(request.unsubscribe.user_ids) for request in requests] == [[2], []]
    assert [list(request.subscribe.user_ids) for request in requests] == [[], [1, 3]]


def test_nobody_is_no_request() -> None:
    assert list(requests_for({})) == []


def test_frames_become_what_happened() -> None:
    for what in (
        Subscribed(1, InboxState(4, 2)),
        Subscribed(1, InboxState(4, 2), due_seq=0),
        delivery(3, user_id=7),
        replace(delivery(3, user_id=7), silent=True),
        Withdrawn(1, 17, 4, 2),
        UnreadChanged(1, 0),
        UnreadChanged(1, 3, read_ids=(17, 18)),
        UnreadChanged(1, 3, read_up_to_seq=9),
        UnreadChanged(1, 3, seen_up_to_seq=9, unseen=1),
        UnreadChanged(1, 3, archived_ids=(17,), unarchived_ids=(18,)),
        MediaChanged(1, 9, "failed"),
    ):
        assert happening_from_pb(happening_to_pb(what)) == what


def test_heartbeats_and_frames_of_a_later_version_tell_nothing() -> None:
    beat = SubscribeResponse(heartbeat=SubscribeResponse.Heartbeat())
    assert happening_from_pb(beat) is None
    assert happening_from_pb(SubscribeResponse()) is None
