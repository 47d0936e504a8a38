"""Notifications over HTTP: the feed in groups."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from api_gateway.adapters.http.schemas.notification import FeedData
from api_gateway.domain.group import Group
from api_gateway.domain.notification import Notification
from tests.unit.http.notification.world import World


def a_group(kind: str, *actor_ids: int, actors: int = 0, size: int = 1, unread: int = 1) -> Group:
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    latest = Notification(17, 1, kind, False, at, 9)
    return Group(latest, size, unread, actor_ids, actors or len(actor_ids))


async def test_groups_say_who_did_what(world: World) -> None:
    world.groups.groups = [a_group("follow_created", 7, 8, 99, actors=7, size=8, unread=3)]
    feed = await world.data("/feed?grouped=true")
    FeedData.model_validate(feed)
    latest = {
        **{"id": 17, "user_id": 1, "type": "follow_created", "is_read": False, "seq": 9},
        "created_at": "2026-01-02T03:04:05Z",
    }
    assert feed == {
        "groups": [
            {
                "type": "follow_created",
                "text": "user7, user8 and 5 others followed you",
                "actors": [
                    {"id": 7, "username": "user7"},
                    {"id": 8, "username": "user8"},
                    {"id": 0, "username": "deleted"},
                ],
                "others": 4,
                "count": 8,
                "unread": 3,
                "latest": latest,
            }
        ],
        "limit": 20,
    }


@pytest.mark.parametrize(
    ("group", "text"),
    [
        (a_group("follow_created", 7), "user7 followed you"),
        (a_group("follow_created", 7, 8), "user7 and user8 followed you"),
        (a_group("follow_created", 7, 8, 9), "user7, user8 and deleted followed you"),
        (a_group("follow_created", 7, 8, actors=3), "user7, user8 and 1 other followed you"),
        (a_group("post_created", 7), "user7 published a post"),
        (a_group("post_created", 7, size=3), "user7 published 3 posts"),
        (a_group("news"), "1 notification: news"),
        (a_group("news", size=2), "2 notifications: news"),
    ],
)
async def test_a_group_is_a_sentence(world: World, group: Group, text: str) -> None:
    world.groups.groups = [group]
    assert (await world.data("/feed?grouped=true"))["groups"][0]["text"] == text


async def test_what_a_user_sends_is_not_told_as_the_systems(world: World) -> None:
    group = a_group("follow_created", 7, size=2)
    world.groups.groups = [replace(group, latest=replace(group.latest, actor_id=7))]
    (shown,) = (await world.data("/feed?grouped=true"))["groups"]
    assert shown["text"] == "user7 sent you 2 notifications: follow_created"


async def test_groups_have_pages_and_may_be_the_unread_ones(world: World) -> None:
    kinds = [("a", 1), ("b", 0), ("c", 1)]
    world.groups.groups = [a_group(kind, unread=unread) for kind, unread in kinds]
    first = await world.data("/feed?grouped=true&limit=2")
    path = f"/feed?grouped=true&limit=2&cursor={first['next_cursor']}"
    assert [one["type"] for one in (await world.data(path))["groups"]] == ["c"]
    unread = await world.data("/feed?grouped=true&unread=true")
    assert [one["type"] for one in unread["groups"]] == ["a", "c"]
