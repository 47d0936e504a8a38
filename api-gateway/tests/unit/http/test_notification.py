"""Notifications over HTTP: the inbox, what is sent to it, and tickets."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from api_gateway.adapters.http.operations import routes_of
from api_gateway.adapters.http.routes.notification import NotificationRoutes
from api_gateway.adapters.http.routes.notification_marks import NotificationMarkRoutes
from api_gateway.adapters.http.schemas.notification import FeedData, NotificationData
from api_gateway.application.groups import NamedGroups
from api_gateway.domain.cursor import Cursors
from api_gateway.domain.group import Group
from api_gateway.domain.limit import Limit
from api_gateway.domain.notification import Notification
from tests.fakes.groups import InMemoryGroups
from tests.fakes.limiter import InMemoryLimiter
from tests.fakes.notifications import InMemoryNotifications
from tests.fakes.tickets import InMemoryTickets
from tests.fakes.users import InMemoryUsers, a_user
from tests.unit.http.cases import Case, assert_refused, invalid, undecodable
from tests.unit.http.client import PLENTY, EdgeOfTest, served

LARGEST = 2**63 - 1
GREETING = {"user_id": 1, "type": "greeting"}


@dataclass
class World:
    """The inboxes of Ann (1) and Bob (2), and a client."""

    client: httpx.AsyncClient
    edge: EdgeOfTest
    notifications: InMemoryNotifications
    tickets: InMemoryTickets
    groups: InMemoryGroups

    async def request(
        self, method: str, path: str, user: int | None = 1, body: Any = None, **fields: str
    ) -> httpx.Response:
        token = {} if user is None else self.edge.tokens.fields(user)
        names = {name.replace("_", "-"): value for name, value in fields.items()}
        path = f"/notification{path}"
        return await self.client.request(method, path, json=body, headers={**token, **names})

    async def sent(self, *types: str, to: int = 1) -> None:
        for kind in types:
            answer = await self.request("POST", "/send", 2, {"user_id": to, "type": kind})
            assert answer.status_code == 200, answer.text

    async def data(self, path: str, user: int = 1) -> dict[str, Any]:
        answer = await self.request("GET", path, user)
        assert answer.status_code == 200, answer.text
        return dict(answer.json()["data"])

    async def unread(self) -> int:
        return int((await self.data("/unread-count"))["count"])

    async def types(self, query: str) -> list[str]:
        feed = await self.data(f"/feed?{query}")
        FeedData.model_validate(feed)
        return [one["type"] for one in feed["notifications"]]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    edge, tickets = EdgeOfTest(), InMemoryTickets()
    notifications = InMemoryNotifications([1, 2])
    groups, users = InMemoryGroups(), InMemoryUsers(*(a_user(n, f"user{n}") for n in (7, 8)))
    cursors = Cursors(b"s" * 16)
    routes = NotificationRoutes(notifications, NamedGroups(groups, users), tickets, cursors)
    every = [
        *routes_of(routes, tag="notification"),
        *routes_of(NotificationMarkRoutes(notifications), tag="notification"),
    ]
    async with served(every, edge) as client:
        yield World(client, edge, notifications, tickets, groups)


async def test_what_a_user_sends_bears_the_sender(world: World) -> None:
    body = {**GREETING, "payload": {"text": "Hé"}, "actor_id": 1}
    answer = await world.request("POST", "/send", 2, body)
    assert (answer.status_code, answer.json()["data"]) == (
        200,
        {"notification_id": 1, "message": "Notification sent successfully"},
    )
    found = await world.data("/1")
    NotificationData.model_validate(found)
    assert found == {
        "id": 1,
        "user_id": 1,
        "type": "greeting",
        "is_read": False,
        "created_at": "2026-01-02T03:04:05Z",
        "seq": 1,
        "payload": {"text": "Hé"},
        "actor_id": 2,
    }


async def test_what_the_system_tells_bears_none(world: World) -> None:
    await world.sent("news")
    world.notifications.kept[1] = replace(world.notifications.kept[1], actor_id=None)
    assert (await world.data("/1")).keys().isdisjoint({"actor_id", "payload"})


@pytest.mark.parametrize(
    "payload",
    [
        *({}, [], "", 0, False, 1.5, -0.0, LARGEST, -(2**63)),
        {"b": 1, "a": [None, {"x": "\u2028 </script> 🌊"}], "": " "},
        [1.0, 1e22, 5e-324],
        "x" * (16 * 1024 - 2),
    ],
    ids=lambda payload: str(payload)[:20],
)
async def test_a_payload_comes_back_as_it_went(world: World, payload: object) -> None:
    await world.request("POST", "/send", 2, {**GREETING, "payload": payload})
    answer = await world.request("GET", "/1")
    shown = answer.json()["data"]["payload"]
    assert json.dumps(shown) == json.dumps(payload)


async def test_json_that_a_service_stored_is_passed_on_to_the_letter(world: World) -> None:
    await world.sent("news")
    text = b'{"n": 123456789012345678901234567890, "x": 1.10, "n": 1}'
    world.notifications.kept[1] = replace(world.notifications.kept[1], payload=text)
    assert b'"payload":' + text in (await world.request("GET", "/1")).content


async def test_the_same_key_sends_once(world: World) -> None:
    for _ in range(2):
        answer = await world.request("POST", "/send", 2, GREETING, idempotency_key="k")
        world.edge.keys.answers.clear()
    assert answer.json()["data"]["notification_id"] == 1
    assert len(world.notifications.kept) == 1


async def test_sending_has_a_limit_of_its_own() -> None:
    limits = {**PLENTY, "send": Limit("send", 1)}
    edge = EdgeOfTest(limiter=InMemoryLimiter(), limits=limits)
    groups = NamedGroups(InMemoryGroups(), InMemoryUsers())
    routes = NotificationRoutes(
        InMemoryNotifications([1]), groups, InMemoryTickets(), Cursors(b"s" * 16)
    )
    async with served(routes_of(routes, tag="notification"), edge) as client:
        fields = edge.tokens.fields(2)
        answers = [
            await client.post("/notification/send", json=GREETING, headers=fields) for _ in range(2)
        ]
        count = await client.get("/notification/unread-count", headers=fields)
    assert [answer.status_code for answer in [*answers, count]] == [200, 429, 200]


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


async def test_the_cursor_of_the_feed_is_none_of_the_archive(world: World) -> None:
    await world.sent("a", "b")
    cursor = (await world.data("/feed?limit=1"))["next_cursor"]
    answer = await world.request("GET", f"/feed?archived=true&cursor={cursor}")
    assert_refused(answer, invalid("GET", "/feed", "cursor"))


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


async def test_a_ticket_stands_for_its_caller(world: World) -> None:
    answer = await world.request("POST", "/ws-ticket")
    data = answer.json()["data"]
    assert (answer.status_code, data["expires_in"]) == (200, 30)
    assert answer.headers["cache-control"] == "no-store"
    principal = await world.tickets.redeem(data["ticket"])
    assert principal is not None
    assert principal.user_id == 1


OPERATIONS = [
    *(("GET", path) for path in ("/feed", "/unread-count", "/1")),
    *(("POST", path) for path in ("/send", "/ws-ticket")),
    *(("PUT", path) for path in ("/1/read", "/read-all", "/seen", "/1/archive", "/1/unarchive")),
    ("DELETE", "/1"),
]
REFUSED = [
    *(Case(method, path, 401, "unauthenticated", user=None) for method, path in OPERATIONS),
    *(
        case
        for method, path in (
            *(("GET", "/{}"), ("PUT", "/{}/read"), ("DELETE", "/{}")),
            *(("PUT", "/{}/archive"), ("PUT", "/{}/unarchive")),
        )
        for case in (
            Case(
                method,
                path.format(1),
                403,
                "access to notification denied",
                user=2,
                code="NOTIFICATION_ACCESS_DENIED",
            ),
            Case(
                method,
                path.format(9),
                404,
                "notification not found",
                code="NOTIFICATION_NOT_FOUND",
            ),
            undecodable(method, path.format("abc")),
            invalid(method, path.format(0), "notification_id"),
            invalid(method, path.format(LARGEST + 1), "notification_id"),
        )
    ),
    Case("POST", "/send", 404, "user not found", {**GREETING, "user_id": 9}, code="USER_NOT_FOUND"),
    undecodable("POST", "/send", []),
    undecodable("POST", "/send", {**GREETING, "user_id": "1"}),
    undecodable("POST", "/send", {**GREETING, "type": 1}),
    invalid("POST", "/send", "user_id", "type", body={}),
    invalid("POST", "/send", "user_id", body={**GREETING, "user_id": 0}),
    *(
        invalid("POST", "/send", "type", body={**GREETING, "type": kind})
        for kind in ("", "x" * 65, "Greeting", "a b", "é", "a\n")
    ),
    invalid("POST", "/send", "payload", body={**GREETING, "payload": "x" * (16 * 1024 - 1)}),
    invalid("POST", "/send", "payload", body={**GREETING, "payload": "é" * (8 * 1024)}),
    *(
        case
        for path in ("/read-all", "/seen")
        for case in (
            undecodable("PUT", path, []),
            undecodable("PUT", path, {"up_to_seq": "2"}),
            invalid("PUT", path, "up_to_seq", body={"up_to_seq": -1}),
        )
    ),
    *(
        undecodable("GET", f"/feed?{query}")
        for query in (
            *("page=0", "page=-1", "page=abc", "page=2147483648"),
            *("limit=0", "limit=101", "limit=abc", "unread=maybe", "archived=maybe"),
        )
    ),
    invalid("GET", "/feed?cursor=before:1", "cursor"),
    invalid("GET", "/feed?grouped=true&cursor=after:1", "cursor"),
    invalid("GET", "/feed?grouped=true&archived=true", "archived"),
    invalid("GET", "/feed?grouped=true&page=2", "page"),
    undecodable("GET", "/feed?grouped=maybe"),
]


@pytest.mark.parametrize("case", REFUSED, ids=str)
async def test_what_cannot_be_is_refused_by_its_reason(world: World, case: Case) -> None:
    await world.sent("a")
    before = dict(world.notifications.kept)
    answer = await world.request(case.method, case.path, case.user, case.body)
    assert_refused(answer, case)
    assert world.notifications.kept == before


@pytest.mark.parametrize("kind", ["a", "x" * 64, "a-z.0_9"])
async def test_a_type_within_the_rules_is_taken(world: World, kind: str) -> None:
    await world.sent(kind)
    assert (await world.data("/1"))["type"] == kind


async def test_a_cursor_of_another_inbox_is_refused(world: World) -> None:
    await world.sent("a", "b")
    cursor = (await world.data("/feed?limit=1"))["next_cursor"]
    answer = await world.request("GET", f"/feed?cursor={cursor}", 2)
    assert_refused(answer, invalid("GET", "/feed", "cursor"))
