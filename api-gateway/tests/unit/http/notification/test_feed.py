"""Notifications over HTTP: the feed."""

import pytest

from tests.unit.http.cases import assert_refused, invalid
from tests.unit.http.notification.world import World


async def test_the_feed_shows_the_latest_first_and_where_it_goes_on(world: World) -> None:
    await world.sent("a", "b", "c")
    await world.sent("other", to=2)
    feed = await world.data("/feed?limit=2")
    assert [one["seq"] for one in feed.pop("notifications")] == [3, 2]
    cursor = feed.pop("next_cursor")
    assert feed == {"total": 3, "page": 1, "limit": 2, "total_pages": 2}
    await world.sent("d")
    answer = await world.request("GET", f"/feed?limit=2&cursor={cursor}")
    assert [one["type"] for one in answer.json()["data"]["notifications"]] == ["a"]
    assert "next_cursor" not in answer.json()["data"]
    assert "link" not in answer.headers


@pytest.mark.parametrize(
    ("query", "types"),
    [
        ("", ["c", "b", "a"]),
        ("page=2&limit=2", ["a"]),
        ("page=9", []),
        ("page=2147483647&limit=1", []),
        ("unread=true", ["c", "a"]),
        ("unread=1&limit=1", ["c"]),
        ("unread=false", ["c", "b", "a"]),
    ],
)
async def test_the_feed_shows_what_is_asked_for(world: World, query: str, types: list[str]) -> None:
    await world.sent("a", "b", "c")
    await world.request("PUT", "/2/read")
    assert await world.types(query) == types


async def test_an_empty_feed_has_no_pages(world: World) -> None:
    assert await world.data("/feed") == {
        "notifications": [],
        "total": 0,
        "page": 1,
        "limit": 20,
        "total_pages": 0,
    }


async def test_a_feed_that_the_client_has_is_not_sent_again(world: World) -> None:
    await world.sent("a")
    first = await world.request("GET", "/feed")
    same = await world.request("GET", "/feed", if_none_match=first.headers["etag"])
    assert (same.status_code, same.content) == (304, b"")


async def test_the_cursor_of_the_feed_is_none_of_the_archive(world: World) -> None:
    await world.sent("a", "b")
    cursor = (await world.data("/feed?limit=1"))["next_cursor"]
    answer = await world.request("GET", f"/feed?archived=true&cursor={cursor}")
    assert_refused(answer, invalid("GET", "/feed", "cursor"))


async def test_a_cursor_of_another_inbox_is_refused(world: World) -> None:
    await world.sent("a", "b")
    cursor = (await world.data("/feed?limit=1"))["next_cursor"]
    answer = await world.request("GET", f"/feed?cursor={cursor}", 2)
    assert_refused(answer, invalid("GET", "/feed", "cursor"))
