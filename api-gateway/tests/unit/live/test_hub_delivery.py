"""What happens in inboxes reaches the connections of their users, whatever breaks."""

import asyncio

from service_kit.testing import eventually

from api_gateway.application.live.frames import (
    archived_frame,
    media_frame,
    read_frame,
    reset_frame,
    seen_frame,
    unread_frame,
    withdrawn_frame,
)
from api_gateway.application.live.inbox import MediaChanged, UnreadChanged, Withdrawn
from api_gateway.application.live.limits import Limits
from tests.fakes.live import InMemorySource
from tests.live.house import LIMITS, House, Make


async def test_the_first_connection_subscribes_and_the_last_unsubscribes(house: House) -> None:
    one, _ = await house.resumed()
    two, _ = await house.resumed()
    assert house.source.requests == [("subscribe", []), ("subscribe", [1])]
    await house.hub.detach(one)
    assert house.source.subscribed == {1}
    await house.hub.detach(two)
    assert house.source.subscribed == set()
    assert list(house.hub.user_ids()) == []


async def test_missed_ones_come_in_order_over_several_pages_then_live(house: House) -> None:
    house.inboxes.add(count=12)
    _, carrier = await house.resumed(after_seq=0)
    await eventually(lambda: carrier.seqs[-1] == 12)
    house.inboxes.add()
    await eventually(lambda: carrier.seqs[-1] == 13)
    assert carrier.types[0] == "ready"
    assert carrier.seqs == [0, *range(1, 14)]


async def test_a_fresh_connection_hears_only_what_is_new(house: House) -> None:
    house.inboxes.add(count=3)
    _, carrier = await house.resumed()
    house.inboxes.add()
    await eventually(lambda: carrier.types == ["ready", "notification"])
    assert carrier.frames[0].body == {"seq": 3, "unread": 3}
    assert carrier.frames[1].body["unread"] == 4
    assert house.inboxes.asked == []


async def test_all_devices_of_a_user_get_the_very_same_frame(house: House) -> None:
    _, one = await house.resumed()
    _, two = await house.resumed()
    _, other = await house.resumed(user_id=2)
    house.inboxes.add()
    await eventually(lambda: one.types[-1] == two.types[-1] == "notification")
    assert one.frames[-1] is two.frames[-1]
    assert other.types == ["ready"]


async def test_devices_that_missed_the_same_are_served_by_one_fetch(house: House) -> None:
    (_, one), (_, two) = await house.resumed(), await house.resumed()
    house.source.deaf = True
    house.inboxes.add(count=2)
    house.source.deaf = False
    house.inboxes.add()
    await eventually(lambda: one.seqs == two.seqs == [0, 1, 2, 3])
    assert house.inboxes.asked == [(1, 0)]
    assert one.frames[-1] is two.frames[-1]


async def test_what_two_replicas_tell_comes_once(house: House) -> None:
    house.inboxes.sources.append(second := InMemorySource(house.inboxes))
    listening = asyncio.create_task(second.run(house.hub))
    _, carrier = await house.resumed()
    second.subscribe([1])
    house.inboxes.add(count=2)
    house.inboxes.withdraw(1)
    house.inboxes.add()
    await eventually(lambda: carrier.seqs == [0, 1, 2, 3])
    assert carrier.types == ["ready", "notification", "notification", "withdrawn", "notification"]
    assert carrier.frames[3] == withdrawn_frame(101, 1)
    listening.cancel()


async def test_sockets_stay_open_while_the_source_is_away_and_are_told_the_rest(
    house: House,
) -> None:
    _, carrier = await house.resumed()
    house.source.go_down()
    house.inboxes.add(count=7)
    house.source.come_up()
    await eventually(lambda: carrier.seqs == list(range(8)))
    assert carrier.closed is None


async def test_who_resumes_while_the_source_is_away_is_told_so_and_then_served(
    house: House,
) -> None:
    house.source.go_down()
    connection, carrier = house.connect()
    connection.resume(0)
    house.clock.advance(LIMITS.answer_seconds)
    await eventually(lambda: carrier.types == ["error"])
    assert carrier.frames[0].body["code"] == "UNAVAILABLE"
    house.inboxes.add()
    house.source.come_up()
    await eventually(lambda: carrier.seqs == [0, 1])


async def test_a_second_device_is_served_from_what_is_known_only_while_a_source_is_there(
    house: House,
) -> None:
    await house.resumed()
    house.source.go_down()
    connection, carrier = house.connect()
    connection.resume(None)
    house.inboxes.add()
    house.source.come_up()
    await eventually(lambda: carrier.types[:1] == ["ready"])
    assert carrier.frames[0].body["seq"] == 1


async def test_a_fetch_that_fails_is_tried_again(house: House) -> None:
    house.inboxes.add(count=2)
    house.inboxes.away = True
    _, carrier = await house.resumed(after_seq=0)
    await eventually(lambda: house.inboxes.asked)
    assert carrier.seqs == [0]
    house.inboxes.away = False
    house.clock.advance(60)
    await eventually(lambda: carrier.seqs == [0, 1, 2])


async def test_a_fetch_is_tried_again_though_the_clock_was_set_back(house: House) -> None:
    house.inboxes.add(count=2)
    house.inboxes.away = True
    _, carrier = await house.resumed(after_seq=0)
    await eventually(lambda: house.inboxes.asked)
    house.inboxes.away = False
    house.clock.now -= 3600
    house.clock.advance(60)
    await eventually(lambda: carrier.seqs == [0, 1, 2])


async def test_what_was_lost_unseen_is_found_by_asking_again(make: Make) -> None:
    house = make(Limits(tick_seconds=0.001, reconcile_seconds=0.3))
    _, carrier = await house.resumed()
    house.source.deaf = True
    house.inboxes.add()
    await eventually(lambda: carrier.seqs == [0, 1])


async def test_too_many_missed_is_a_reset(house: House) -> None:
    house.inboxes.add(count=1002)
    _, carrier = await house.resumed(after_seq=1)
    await eventually(lambda: carrier.types == ["ready", "reset"])
    assert carrier.frames[1] == reset_frame(1002)
    assert carrier.frames[0].resumed == "reset"


async def test_a_long_catch_up_waits_for_the_client_and_does_not_flood_it(house: House) -> None:
    house.inboxes.add(count=100)
    connection, carrier = house.connect()
    carrier.block()
    connection.resume(0)
    await eventually(lambda: house.inboxes.asked)
    house.inboxes.add(count=40)
    carrier.unblock()
    await eventually(lambda: carrier.seqs == list(range(141)))
    assert carrier.closed is None


async def test_unread_counts_reach_the_other_devices(house: House) -> None:
    house.inboxes.add(count=2)
    (_, one), (_, two) = await house.resumed(), await house.resumed()
    await house.inboxes.mark_read(101, 1)
    await eventually(lambda: one.types[-1] == two.types[-1] == "unread")
    assert one.frames[-1] == unread_frame(1)


async def test_a_withdrawal_of_an_older_one_counts_for_a_device_that_comes_later(
    house: House,
) -> None:
    house.inboxes.add(count=3)
    _, one = await house.resumed()
    house.inboxes.withdraw(1)
    await eventually(lambda: one.types[-1] == "withdrawn")
    _, two = await house.resumed()
    assert two.frames[0].body == {"seq": 3, "unread": 2}


async def test_a_withdrawal_ahead_of_what_was_told_moves_the_place_of_who_comes_later(
    house: House,
) -> None:
    house.inboxes.add(count=2)
    _, one = await house.resumed()
    house.source.tell(Withdrawn(1, notification_id=103, seq=3, unread=2))
    await eventually(lambda: one.types[-1] == "withdrawn")
    connection, two = house.connect()
    connection.resume(None)
    assert connection.session.last == 3
    await eventually(lambda: two.types == ["ready"])
    assert two.frames[0].body == {"seq": 3, "unread": 2}


async def test_what_is_marked_elsewhere_is_named_after_the_count(house: House) -> None:
    house.inboxes.add(count=3)
    (_, one), (_, two) = await house.resumed(), await house.resumed()
    marked = UnreadChanged(1, 1, read_ids=(101,), archived_ids=(102,), unarchived_ids=(103,))
    house.inboxes.sources[0].tell(marked)
    await eventually(lambda: one.types[-1] == two.types[-1] == "archived")
    assert one.frames[-4:] == [
        unread_frame(1),
        read_frame([101], None, 1),
        archived_frame([102], archived=True, unread=1),
        archived_frame([103], archived=False, unread=1),
    ]
    house.inboxes.unread[1] = 1
    await house.inboxes.mark_seen(1, 2)
    await eventually(lambda: one.frames[-1] == two.frames[-1] == seen_frame(2, 0))
    assert "unread" not in two.types[two.types.index("seen") :]


async def test_an_upload_that_is_ready_is_told_to_all_devices_of_its_owner_and_moves_nothing(
    house: House,
) -> None:
    house.inboxes.add()
    (_, one), (_, two) = await house.resumed(), await house.resumed()
    (_, other) = await house.resumed(user_id=2)
    house.inboxes.sources[0].tell(MediaChanged(1, 9, "ready"))
    house.inboxes.add()
    house.inboxes.add(user_id=2)
    await eventually(lambda: one.types[-1] == two.types[-1] == other.types[-1] == "notification")
    assert one.frames[-2] == two.frames[-2] == media_frame(9, "ready")
    assert one.seqs[-2:] == [1, 2]
    assert "media" not in other.types


async def test_before_ready_nothing_of_the_moment_is_told(house: House) -> None:
    _, early = house.connect()
    _, ready = await house.resumed()
    house.inboxes.sources[0].tell(MediaChanged(1, 9, "ready"))
    await eventually(lambda: ready.types == ["ready", "media"])
    assert early.types == []
