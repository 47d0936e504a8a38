"""The client sees every notification once, in order, whatever happens to its connection."""

import pytest
from pinstack_tail.client import Feed
from pinstack_tail.errors import SignedOut, Unreachable
from pinstack_tail.frames import (
    ArchivedElsewhere,
    ReadElsewhere,
    Refused,
    SeenElsewhere,
    Told,
    Unread,
    Withdrawn,
)

from tests.device import NotedDelays, device
from tests.fakes import FakeGateway, Script, breaks, closes, entry, ready, says, told


async def test_a_client_that_begins_says_no_seq_and_takes_the_servers(gateway: FakeGateway) -> None:
    gateway.scripts.append(closes(1012, "", ready(7, 2), told(8)))
    async with device(gateway) as phone:
        online = await phone.online()
        assert (online.seq, online.unread, online.missed) == (7, 2, 0)
        assert await phone.seqs(1) == [8]
        await phone.offline()
        await phone.online()
    said = [visit.said[0] for visit in gateway.visits]
    assert said == [{"type": "resume"}, {"type": "resume", "after_seq": 8}]


async def test_what_was_missed_follows_and_is_counted(gateway: FakeGateway) -> None:
    gateway.scripts.append(says(ready(5), told(3), told(4), told(5), told(6)))
    async with device(gateway, after_seq=2) as phone:
        assert (await phone.online()).missed == 3
        assert await phone.seqs(4) == [3, 4, 5, 6]


async def test_a_broken_connection_is_resumed_without_gap_or_repeat(gateway: FakeGateway) -> None:
    gateway.scripts += [
        says_then_breaks(told(1), told(2)),
        says_then_breaks(told(3)),
        says(ready(4), told(4), told(5)),
    ]
    async with device(gateway, after_seq=0) as phone:
        assert await phone.seqs(5) == [1, 2, 3, 4, 5]
    assert [visit.said[0]["after_seq"] for visit in gateway.visits] == [0, 2, 3]


async def test_a_gap_makes_the_client_come_back_for_it(gateway: FakeGateway) -> None:
    gateway.scripts += [
        says(ready(0), told(1), told(3)),
        says(ready(3), told(2), told(3), told(4)),
    ]
    async with device(gateway, after_seq=0) as phone:
        assert await phone.seqs(4) == [1, 2, 3, 4]
    assert [visit.said[0]["after_seq"] for visit in gateway.visits] == [0, 1]


async def test_what_was_seen_before_is_not_shown_again(gateway: FakeGateway) -> None:
    gateway.scripts.append(says(ready(2), told(1), told(2), told(2), told(1), told(3)))
    async with device(gateway, after_seq=0) as phone:
        assert await phone.seqs(3) == [1, 2, 3]


async def test_a_withdrawal_that_was_missed_takes_its_place(gateway: FakeGateway) -> None:
    gone = {"type": "withdrawn", "id": 102, "seq": 2, "unread": 1}
    seen = {"type": "withdrawn", "id": 101, "unread": 0}
    gateway.scripts.append(says(ready(3), told(1), gone, told(3), seen, told(4)))
    async with device(gateway, after_seq=0) as phone:
        await phone.online()
        events = [await phone.next() for _ in range(5)]
        assert phone.client.seq == 4
    assert events[1] == Withdrawn(102, 1, seq=2)
    assert events[3] == Withdrawn(101, 0)
    assert [event.seq for event in events if isinstance(event, Told)] == [1, 3, 4]


async def test_after_a_reset_the_feed_stands_for_what_was_missed(gateway: FakeGateway) -> None:
    gateway.feed = [entry(5000), entry(4999)]
    gateway.scripts += [
        says_then_breaks({"type": "reset", "seq": 5000}, told(5001)),
        says(ready(5001), told(5002)),
    ]
    async with device(gateway, after_seq=1) as phone:
        await phone.online()
        feed = await phone.next()
        assert isinstance(feed, Feed)
        assert [one.seq for one in feed.notifications] == [5000, 4999]
        assert (feed.seq, feed.unread) == (5000, 2)
        assert await phone.seqs(2) == [5001, 5002]


async def test_a_reset_whose_feed_cannot_be_read_is_asked_for_again(gateway: FakeGateway) -> None:
    gateway.feed = [entry(5000)]
    reset = says(ready(5000), {"type": "reset", "seq": 5000})
    gateway.scripts += [reset, reset]
    async with device(gateway, after_seq=1) as phone:
        gateway.http_statuses.append(503)
        await phone.online()
        await phone.offline()
        await phone.online()
        assert isinstance(await phone.next(), Feed)
        assert phone.client.seq == 5000
    assert [visit.said[0]["after_seq"] for visit in gateway.visits] == [1, 1]


async def test_a_reset_that_fails_again_and_again_is_asked_for_less_and_less_often(
    gateway: FakeGateway,
) -> None:
    reset = [ready(5000), {"type": "reset", "seq": 5000}]
    gateway.scripts += [says(*reset), says(*reset), says(*reset), breaks(*reset)]
    delays = NotedDelays()
    async with device(gateway, after_seq=1, delays=delays) as phone:
        gateway.http_statuses += [503, 503, 503]
        for _ in range(3):
            await phone.online()
            await phone.offline()
        await phone.online()
        assert isinstance(await phone.next(), Feed)
        await phone.offline()
    assert delays.asked == [1, 2, 3, 1]


async def test_who_missed_nothing_has_no_failures_behind_it(gateway: FakeGateway) -> None:
    gateway.scripts += [breaks(ready(7)), breaks(ready(7)), breaks(ready(9))]
    delays = NotedDelays()
    async with device(gateway, delays=delays) as phone:
        for _ in range(3):
            await phone.online()
            await phone.offline()
    assert delays.asked == [1, 1, 2]


async def test_other_frames_are_told_and_unknown_ones_are_not(gateway: FakeGateway) -> None:
    refused = {"type": "error", "code": "NOT_FOUND", "message": "notification not found"}
    others: list[dict[str, object]] = [{"type": "ping"}, {"type": "newer", "what": 1}]
    read = {"type": "read", "ids": [101], "unread": 1}
    seen = {"type": "seen", "up_to_seq": 7, "unseen": 2}
    archived: list[dict[str, object]] = [
        {"type": "archived", "ids": [101], "archived": there, "unread": 1}
        for there in (True, False)
    ]
    marks = [read, seen, *archived]
    gateway.scripts.append(
        says(ready(0), *others, *marks, {"type": "unread", "unread": 0}, refused, told(1))
    )
    async with device(gateway) as phone:
        await phone.online()
        assert await phone.next() == ReadElsewhere(1, [101])
        assert await phone.next() == SeenElsewhere(7, 2)
        assert await phone.next() == ArchivedElsewhere(1, [101], True)
        assert await phone.next() == ArchivedElsewhere(1, [101], False)
        assert await phone.next() == Unread(0)
        assert await phone.next() == Refused("NOT_FOUND", "notification not found")
        assert await phone.seqs(1) == [1], "what is marked elsewhere moves no seq"


async def test_reading_is_said_through_the_socket(gateway: FakeGateway) -> None:
    gateway.scripts.append(says(ready(0), told(1)))
    async with device(gateway, after_seq=0) as phone:
        await phone.seqs(1)
        await phone.client.read(101)
        await phone.client.read_all()
        visit = gateway.visits[0]
        await phone.until(lambda: len(visit.said) == 3)
    read_all = {"type": "read_all", "up_to_seq": 1}
    assert visit.said[1:] == [{"type": "read", "id": 101}, read_all]


async def test_all_is_not_read_before_it_is_known_what_was_seen(gateway: FakeGateway) -> None:
    gateway.scripts.append(says({"type": "unread", "unread": 3}))
    async with device(gateway) as phone:
        assert await phone.next() == Unread(3)
        with pytest.raises(Unreachable):
            await phone.client.read_all()
        await phone.client.read(101)
        visit = gateway.visits[0]
        await phone.until(lambda: len(visit.said) == 2)
    assert visit.said[1] == {"type": "read", "id": 101}


async def test_an_expiring_token_is_renewed_in_place(gateway: FakeGateway) -> None:
    gateway.scripts.append(says(ready(0), {"type": "token_expiring"}, told(1)))
    async with device(gateway, after_seq=0) as phone:
        assert await phone.seqs(1) == [1]
        (visit,) = gateway.visits
        await phone.until(lambda: len(visit.said) == 2)
    assert visit.token == "access-1"
    assert visit.said[1] == {"type": "token", "access_token": "access-2"}


async def test_a_renewal_that_fails_does_not_end_the_connection(gateway: FakeGateway) -> None:
    gateway.scripts.append(says(ready(0), {"type": "token_expiring"}, told(1)))
    async with device(gateway, after_seq=0) as phone:
        gateway.http_statuses.append(503)
        assert await phone.seqs(1) == [1]
    assert len(gateway.visits) == 1


async def test_a_session_that_is_over_ends_the_client(gateway: FakeGateway) -> None:
    gateway.scripts.append(closes(4401, "token revoked", ready(0)))
    async with device(gateway) as phone:
        await phone.online()
        await phone.offline()
        gateway.http_statuses.append(401)
        with pytest.raises(SignedOut):
            await phone.next()


def says_then_breaks(*frames: dict[str, object]) -> Script:
    """`ready`, frames, and the end of the connection."""
    return breaks(ready(0), *frames)
