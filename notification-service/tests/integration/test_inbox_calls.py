"""The calls about marks, preferences and mutes of the running service."""

import pytest
from pinstack_proto.notification.v1 import notification_pb2 as pb
from pinstack_proto.notification.v1.notification_pb2_grpc import NotificationServiceStub
from service_kit import errors

HOURS = pb.Preferences.QuietHours(start="22:00", end="07:00", time_zone="Europe/Berlin")
NOT_LIVE = pb.Preferences.TypePreference(type="post_created", in_app=True, live=False)
FOLLOWS = pb.Preferences.TypePreference(type="follow_created", in_app=True, live=True)


async def send(stub: NotificationServiceStub, user_id: int, type_: str = "greeting") -> int:
    request = pb.SendNotificationRequest(user_id=user_id, type=type_, actor_id=9)
    return (await stub.SendNotification(request)).notification_id


async def test_what_is_seen_is_unseen_no_more(stub: NotificationServiceStub) -> None:
    for _ in range(3):
        await send(stub, 51)
    seen = await stub.MarkSeen(pb.MarkSeenRequest(user_id=51, up_to_seq=2))
    assert (seen.unseen, seen.seen_up_to_seq) == (1, 2)
    state = await stub.GetInboxState(pb.GetInboxStateRequest(user_id=51))
    assert (state.unread, state.unseen, state.seen_up_to_seq) == (3, 1, 2)
    everything = await stub.MarkSeen(pb.MarkSeenRequest(user_id=51))
    assert (everything.unseen, everything.seen_up_to_seq) == (0, 3)
    with pytest.raises(errors.InvalidArgument):
        await stub.MarkSeen(pb.MarkSeenRequest(user_id=51, up_to_seq=-1))


async def test_what_is_archived_is_in_its_own_feed(stub: NotificationServiceStub) -> None:
    id_ = await send(stub, 52)
    request = pb.SetNotificationArchivedRequest(notification_id=id_, caller_id=52, archived=True)
    answer = await stub.SetNotificationArchived(request)
    assert (answer.changed, answer.unread) == (True, 0)
    assert not (await stub.SetNotificationArchived(request)).changed
    for is_archived in (False, True):
        feed = await stub.GetUserNotificationFeed(
            pb.GetUserNotificationFeedRequest(user_id=52, archived=is_archived)
        )
        assert [one.HasField("archived_at") for one in feed.notifications] == [True] * is_archived
    request.caller_id = 53
    with pytest.raises(errors.PermissionDenied):
        await stub.SetNotificationArchived(request)
    request.notification_id = 2**40
    with pytest.raises(errors.NotFound):
        await stub.SetNotificationArchived(request)


async def test_preferences_are_kept_and_shown_with_the_types_of_the_platform(
    stub: NotificationServiceStub,
) -> None:
    wanted = pb.Preferences(types=[NOT_LIVE], quiet_hours=HOURS)
    request = pb.SetPreferencesRequest(user_id=54, preferences=wanted)
    shown = pb.Preferences(types=[FOLLOWS, NOT_LIVE], quiet_hours=HOURS)
    assert (await stub.SetPreferences(request)).preferences == shown
    found = await stub.GetPreferences(pb.GetPreferencesRequest(user_id=54))
    assert found.preferences == shown


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (pb.Preferences(types=[NOT_LIVE, NOT_LIVE]), "types"),
        (pb.Preferences(types=[pb.Preferences.TypePreference(type="No")]), "type"),
        (pb.Preferences(quiet_hours=pb.Preferences.QuietHours()), "quiet_hours.start"),
        (
            pb.Preferences(
                quiet_hours=pb.Preferences.QuietHours(start="22:00", end="07:00", time_zone="X")
            ),
            "quiet_hours.time_zone",
        ),
    ],
)
async def test_preferences_that_can_not_be_say_which_field_is_wrong(
    stub: NotificationServiceStub, wanted: pb.Preferences, field: str
) -> None:
    with pytest.raises(errors.InvalidArgument) as refused:
        await stub.SetPreferences(pb.SetPreferencesRequest(user_id=55, preferences=wanted))
    assert [one.field for one in refused.value.violations] == [field]


async def test_who_wants_none_of_a_type_is_sent_none(stub: NotificationServiceStub) -> None:
    off = pb.Preferences(types=[pb.Preferences.TypePreference(type="greeting", live=True)])
    await stub.SetPreferences(pb.SetPreferencesRequest(user_id=56, preferences=off))
    with pytest.raises(errors.PermissionDenied) as refused:
        await send(stub, 56)
    assert refused.value.code == "NOTIFICATION_NOT_WANTED"
    assert await send(stub, 56, "news") > 0


async def test_mutes_are_kept_listed_and_ended(stub: NotificationServiceStub) -> None:
    for author_id in (3, 1, 2):
        await stub.MuteAuthor(pb.MuteAuthorRequest(user_id=57, author_id=author_id))
    first = await stub.ListMutes(pb.ListMutesRequest(user_id=57, limit=2))
    assert [one.author_id for one in first.mutes] == [1, 2]
    rest = await stub.ListMutes(pb.ListMutesRequest(user_id=57, cursor=first.next_cursor))
    assert ([one.author_id for one in rest.mutes], rest.next_cursor) == ([3], "")
    unmute = pb.UnmuteAuthorRequest(user_id=57, author_id=1)
    await stub.UnmuteAuthor(unmute)
    with pytest.raises(errors.NotFound) as refused:
        await stub.UnmuteAuthor(unmute)
    assert refused.value.code == "MUTE_NOT_FOUND"
    with pytest.raises(errors.InvalidArgument):
        await stub.MuteAuthor(pb.MuteAuthorRequest(user_id=57, author_id=57))


async def test_the_feed_comes_in_groups_page_by_page(stub: NotificationServiceStub) -> None:
    for kind in ("a", "b", "b", "c"):
        await send(stub, 58, kind)
    first = await stub.GetGroupedFeed(pb.GetGroupedFeedRequest(user_id=58, limit=2))
    told = [(one.latest.type, one.size, one.unread, [*one.actor_ids]) for one in first.groups]
    assert told == [("c", 1, 1, [9]), ("b", 2, 2, [9])]
    await send(stub, 58, "a")
    rest = await stub.GetGroupedFeed(
        pb.GetGroupedFeedRequest(user_id=58, limit=2, cursor=first.next_cursor)
    )
    assert [(one.latest.type, one.size, one.actors) for one in rest.groups] == [("a", 2, 1)]
    assert rest.next_cursor == ""
    with pytest.raises(errors.InvalidArgument):
        await stub.GetGroupedFeed(pb.GetGroupedFeedRequest(user_id=58, cursor="x"))
