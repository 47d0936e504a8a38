"""Notifications over HTTP: read, seen, archived, removed."""

import pytest

from tests.unit.http.cases import Case, assert_refused
from tests.unit.http.notification.world import World


async def test_reading_twice_says_so(world: World) -> None:
    await world.sent("a")
    assert await world.unread() == 1
    messages = []
    for _ in range(2):
        answer = await world.request("PUT", "/1/read")
        assert (answer.status_code, answer.json()["data"]["success"]) == (200, True)
        messages.append(answer.json()["data"]["message"])
    assert messages == ["Notification marked as read", "Notification already marked as read"]
    assert await world.unread() == 0
    assert (await world.data("/1"))["is_read"] is True


@pytest.mark.parametrize(
    ("body", "updated", "unread"),
    [(None, 3, 0), ({}, 3, 0), ({"up_to_seq": None}, 3, 0), ({"up_to_seq": 2}, 2, 1)],
    ids=str,
)
async def test_reading_all_goes_as_far_as_asked(
    world: World, body: dict[str, int | None] | None, updated: int, unread: int
) -> None:
    await world.sent("a", "b", "c")
    answer = await world.request("PUT", "/read-all", 1, body)
    assert (answer.status_code, answer.json()["data"]) == (
        200,
        {"success": True, "message": "All notifications marked as read", "updated": updated},
    )
    assert await world.unread() == unread


@pytest.mark.parametrize(
    ("body", "unseen", "mark"),
    [(None, 0, 3), ({}, 0, 3), ({"up_to_seq": 2}, 1, 2), ({"up_to_seq": 900}, 0, 3)],
    ids=str,
)
async def test_what_is_seen_stays_unread(
    world: World, body: dict[str, int] | None, unseen: int, mark: int
) -> None:
    await world.sent("a", "b", "c")
    assert await world.data("/unread-count") == {"count": 3, "unseen": 3, "seen_up_to_seq": 0}
    answer = await world.request("PUT", "/seen", 1, body)
    done = {"success": True, "message": "Notifications marked as seen"}
    assert answer.status_code == 200
    assert answer.json()["data"] == {**done, "unseen": unseen, "seen_up_to_seq": mark}
    counts = {"count": 3, "unseen": unseen, "seen_up_to_seq": mark}
    assert await world.data("/unread-count") == counts


async def test_what_is_archived_is_in_a_feed_of_its_own_until_it_is_taken_back(
    world: World,
) -> None:
    await world.sent("a", "b")
    messages = []
    for verb in ("archive", "archive", "unarchive", "unarchive"):
        answer = await world.request("PUT", f"/1/{verb}")
        assert answer.status_code == 200
        messages.append(answer.json()["data"]["message"])
        there = verb == "archive"
        assert await world.types("archived=true") == (["a"] if there else [])
        assert await world.types("") == (["b"] if there else ["b", "a"])
        assert ("archived_at" in await world.data("/1")) is there
    assert messages == [
        *("Notification archived", "Notification already archived"),
        *("Notification unarchived", "Notification not archived"),
    ]
    assert await world.unread() == 1


async def test_what_is_removed_is_gone_the_second_time_too(world: World) -> None:
    await world.sent("a")
    answer = await world.request("DELETE", "/1")
    message = "Notification removed successfully"
    assert (answer.status_code, answer.json()["data"]) == (
        200,
        {"success": True, "message": message},
    )
    gone = Case("", "", 404, "notification not found", code="NOTIFICATION_NOT_FOUND")
    assert_refused(await world.request("DELETE", "/1"), gone)
