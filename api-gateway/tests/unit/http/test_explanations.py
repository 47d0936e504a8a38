"""Why there is a notification, and why there is none, over HTTP."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, get_args
from uuid import UUID

import httpx
import pytest

from api_gateway.adapters.http.operations import routes_of
from api_gateway.adapters.http.routes.explanations import ExplanationRoutes
from api_gateway.adapters.http.schemas.explanation import (
    ExplanationData,
    NotPushed,
    Outcome,
    Reason,
    WhyData,
)
from api_gateway.domain.explanation import Delivery, Event, EventPlace, Explanation, Why
from api_gateway.domain.notification import Notification
from tests.fakes.explanations import InMemoryExplanations
from tests.unit.http.cases import Case, assert_refused, invalid, undecodable
from tests.unit.http.client import EdgeOfTest, served

AT = datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
TIME = "2026-01-02T03:04:05.678000Z"
ID = UUID("019b7d3a-6c11-7f0e-9b53-0d6f6a3d2c41")
PLACE = EventPlace("relation.follow_created.v1", "relation-events", 3, 1042, AT, AT)
DELIVERY = Delivery(1, 9, 9, 0xBEEF, "5f0c", "websocket", AT)
ONE = Notification(17, 1, "follow_created", False, AT, 9)
EVENT = {
    "id": str(ID),
    "type": "relation.follow_created.v1",
    "topic": "relation-events",
    "partition": 3,
    "offset": 1042,
    "committed_at": TIME,
    "published_at": TIME,
    "consumed_at": TIME,
}


@dataclass
class World:
    """What is known, and a client."""

    client: httpx.AsyncClient
    edge: EdgeOfTest
    known: InMemoryExplanations

    async def request(self, path: str, user: int | None = 1) -> httpx.Response:
        token = {} if user is None else self.edge.tokens.fields(user)
        return await self.client.get(f"/notification{path}", headers=token)

    async def data(self, path: str) -> dict[str, Any]:
        answer = await self.request(path)
        assert answer.status_code == 200, answer.text
        return dict(answer.json()["data"])


@pytest.fixture
async def world() -> AsyncIterator[World]:
    edge, known = EdgeOfTest(), InMemoryExplanations()
    async with served(routes_of(ExplanationRoutes(known), tag="notification"), edge) as client:
        yield World(client, edge, known)


async def test_a_notification_says_where_it_comes_from_and_where_it_went(world: World) -> None:
    world.known.known[17] = Why(ONE, Event(ID, PLACE, AT), (DELIVERY,))
    found = await world.data("/17/why")
    WhyData.model_validate(found)
    delivery = {"connection_id": "000000000beef", "session_id": "5f0c", "carrier": "websocket"}
    assert found == {
        **{"notification_id": 17, "type": "follow_created", "seq": 9, "made_at": TIME},
        "event": EVENT,
        "deliveries": [{**delivery, "sent_at": TIME}],
    }


async def test_what_is_not_known_is_absent(world: World) -> None:
    world.known.known[17] = Why(ONE, Event(ID), (), "no_socket_open")
    found = await world.data("/17/why")
    WhyData.model_validate(found)
    assert (found["event"], found["deliveries"]) == ({"id": str(ID)}, [])
    assert found["not_pushed"] == "no_socket_open"
    assert "sent_by" not in found


@pytest.mark.parametrize("reason", get_args(NotPushed))
async def test_every_reason_not_to_push_is_in_the_document(world: World, reason: str) -> None:
    world.known.known[17] = Why(ONE, None, (), reason)
    WhyData.model_validate(await world.data("/17/why"))


async def test_an_event_says_what_has_become_of_it(world: World) -> None:
    made = Explanation("made", None, 17, Event(ID, PLACE, AT))
    world.known.events[ID, 1] = made
    found = await world.data(f"/explain?event_id={ID}")
    ExplanationData.model_validate(found)
    assert found == {
        **{"event_id": str(ID), "outcome": "made", "notification_id": 17},
        "event": EVENT,
    }


@pytest.mark.parametrize("reason", get_args(Reason))
async def test_every_reason_is_in_the_document(world: World, reason: str) -> None:
    world.known.events[ID, 1] = Explanation("skipped", reason)
    found = await world.data(f"/explain?event_id={ID}")
    ExplanationData.model_validate(found)
    assert (found["outcome"], found["reason"]) == ("skipped", reason)


async def test_an_event_of_others_is_unknown(world: World) -> None:
    world.known.events[ID, 2] = Explanation("made", None, 17, Event(ID, PLACE, AT))
    found = await world.data(f"/explain?event_id={ID}")
    assert found == {"event_id": str(ID), "outcome": "unknown"}
    assert found["outcome"] in get_args(Outcome)


@pytest.mark.parametrize(
    "case",
    [
        Case("GET", "/17/why", 401, "unauthenticated", user=None),
        Case("GET", f"/explain?event_id={ID}", 401, "unauthenticated", user=None),
        Case(
            *("GET", "/17/why", 403, "access to notification denied"),
            user=2,
            code="NOTIFICATION_ACCESS_DENIED",
        ),
        Case("GET", "/9/why", 404, "notification not found", code="NOTIFICATION_NOT_FOUND"),
        undecodable("GET", "/abc/why"),
        invalid("GET", "/0/why", "notification_id"),
        undecodable("GET", "/explain?event_id=17"),
        invalid("GET", "/explain", "event_id"),
    ],
    ids=str,
)
async def test_what_cannot_be_is_refused_by_its_reason(world: World, case: Case) -> None:
    world.known.known[17] = Why(ONE)
    assert_refused(await world.request(case.path, case.user), case)
