"""Notifications over HTTP: what is sent, and tickets."""

import json
from dataclasses import replace

import pytest

from api_gateway.adapters.http.operations import routes_of
from api_gateway.adapters.http.routes.notification import NotificationRoutes
from api_gateway.adapters.http.schemas.notification import NotificationData
from api_gateway.application.groups import NamedGroups
from api_gateway.domain.cursor import Cursors
from api_gateway.domain.limit import Limit
from tests.fakes.groups import InMemoryGroups
from tests.fakes.limiter import InMemoryLimiter
from tests.fakes.notifications import InMemoryNotifications
from tests.fakes.tickets import InMemoryTickets
from tests.fakes.users import InMemoryUsers
from tests.unit.http.client import PLENTY, EdgeOfTest, served
from tests.unit.http.notification.world import GREETING, LARGEST, World


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


@pytest.mark.parametrize("kind", ["a", "x" * 64, "a-z.0_9"])
async def test_a_type_within_the_rules_is_taken(world: World, kind: str) -> None:
    await world.sent(kind)
    assert (await world.data("/1"))["type"] == kind


async def test_a_ticket_stands_for_its_caller(world: World) -> None:
    answer = await world.request("POST", "/ws-ticket")
    data = answer.json()["data"]
    assert (answer.status_code, data["expires_in"]) == (200, 30)
    assert answer.headers["cache-control"] == "no-store"
    principal = await world.tickets.redeem(data["ticket"])
    assert principal is not None
    assert principal.user_id == 1
