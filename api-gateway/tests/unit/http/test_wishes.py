"""What one wants to be told, over HTTP."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from api_gateway.adapters.http.operations import routes_of
from api_gateway.adapters.http.routes.wishes import WishRoutes
from api_gateway.adapters.http.schemas.wishes import MutesData, PreferencesData
from api_gateway.application.wishes import NamedMutes
from api_gateway.domain.cursor import Cursors
from tests.fakes.users import InMemoryUsers, a_user
from tests.fakes.wishes import InMemoryWishes
from tests.unit.http.cases import Case, assert_refused, invalid, undecodable
from tests.unit.http.client import EdgeOfTest, served

HOURS = {"start": "22:00", "end": "07:00", "time_zone": "Europe/Berlin"}
LIVE_OFF = {"type": "post_created", "in_app": True, "live": False}


@dataclass
class World:
    """What Ann (1) wants; Bob (2) and Cleo (3) are there too, Cleo nameless."""

    client: httpx.AsyncClient
    edge: EdgeOfTest
    wishes: InMemoryWishes

    async def request(
        self, method: str, path: str, user: int | None = 1, body: Any = None
    ) -> httpx.Response:
        token = {} if user is None else self.edge.tokens.fields(user)
        return await self.client.request(method, f"/notification{path}", json=body, headers=token)

    async def data(self, method: str, path: str, body: Any = None, user: int = 1) -> dict[str, Any]:
        answer = await self.request(method, path, user, body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json()["data"])


@pytest.fixture
async def world() -> AsyncIterator[World]:
    edge, wishes = EdgeOfTest(), InMemoryWishes([1, 2, 3, 4])
    users = InMemoryUsers(a_user(1, "ann"), a_user(2, "bob", avatar_url="https://x.org/b.png"))
    routes = WishRoutes(wishes, NamedMutes(wishes, users), Cursors(b"s" * 16))
    async with served(routes_of(routes, tag="notification"), edge) as client:
        yield World(client, edge, wishes)


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (None, {"types": []}),
        ({}, {"types": []}),
        ({"types": None, "quiet_hours": None}, {"types": []}),
        ({"types": [LIVE_OFF]}, {"types": [LIVE_OFF]}),
        ({"types": [{"type": "a"}]}, {"types": [{"type": "a", "in_app": True, "live": True}]}),
        ({"quiet_hours": HOURS}, {"types": [], "quiet_hours": HOURS}),
    ],
    ids=str,
)
async def test_what_is_said_replaces_all_that_was(
    world: World, body: dict[str, Any] | None, kept: dict[str, Any]
) -> None:
    await world.data("PUT", "/preferences", {"types": [{"type": "b"}], "quiet_hours": HOURS})
    assert await world.data("PUT", "/preferences", body) == kept
    found = await world.data("GET", "/preferences")
    PreferencesData.model_validate(found)
    assert found == kept
    assert await world.data("GET", "/preferences", user=2) == {"types": []}


async def test_muting_again_changes_nothing_and_unmuting_twice_says_so(world: World) -> None:
    for _ in range(2):
        assert await world.data("PUT", "/mutes/2") == {"message": "Muted successfully"}
    assert await world.data("DELETE", "/mutes/2") == {"message": "Unmuted successfully"}
    gone = Case("", "", 404, "mute not found", code="MUTE_NOT_FOUND")
    assert_refused(await world.request("DELETE", "/mutes/2"), gone)


async def test_the_muted_have_names_and_pages(world: World) -> None:
    for number in (2, 3, 4):
        await world.data("PUT", f"/mutes/{number}")
    first = await world.data("GET", "/mutes?limit=2")
    MutesData.model_validate(first)
    cursor = first.pop("next_cursor")
    at = "2026-01-02T03:04:05Z"
    assert first["mutes"] == [
        {"id": 2, "username": "bob", "avatar_url": "https://x.org/b.png", "muted_at": at},
        {"id": 3, "username": "deleted", "muted_at": at},
    ]
    rest = await world.data("GET", f"/mutes?limit=2&cursor={cursor}")
    assert ([one["id"] for one in rest["mutes"]], "next_cursor" in rest) == ([4], False)
    refused = await world.request("GET", f"/mutes?cursor={cursor}", 2)
    assert_refused(refused, invalid("GET", "/mutes", "cursor"))


def hours(**wrong: object) -> dict[str, object]:
    return {"quiet_hours": {**HOURS, **wrong}}


PATH = "/preferences"
REFUSED = [
    *(
        Case(method, path, 401, "unauthenticated", user=None)
        for method, path in (
            *(("GET", PATH), ("PUT", PATH), ("GET", "/mutes")),
            *(("PUT", "/mutes/2"), ("DELETE", "/mutes/2")),
        )
    ),
    Case("PUT", "/mutes/1", 400, "cannot mute yourself", code="CANNOT_MUTE_YOURSELF"),
    Case("PUT", "/mutes/9", 404, "user not found", code="USER_NOT_FOUND"),
    *(undecodable(method, "/mutes/abc") for method in ("PUT", "DELETE")),
    *(invalid(method, "/mutes/0", "user_id") for method in ("PUT", "DELETE")),
    undecodable("GET", "/mutes?limit=0"),
    invalid("GET", "/mutes?cursor=after:1", "cursor"),
    undecodable("PUT", PATH, []),
    undecodable("PUT", PATH, {"types": {}}),
    undecodable("PUT", PATH, {"types": [{"type": "a", "live": "no"}]}),
    undecodable("PUT", PATH, hours(start=22)),
    invalid("PUT", PATH, "types.0.type", body={"types": [{}]}),
    invalid("PUT", PATH, "types.0.type", body={"types": [{"type": "No"}]}),
    invalid("PUT", PATH, "types", body={"types": [{"type": f"t{n}"} for n in range(101)]}),
    *(
        invalid("PUT", PATH, "quiet_hours.start", body=hours(start=text))
        for text in ("", "7:00", "24:00", "12:60", "12:30\n", "noon")
    ),
    invalid("PUT", PATH, "quiet_hours.end", body=hours(end=None)),
    invalid("PUT", PATH, "quiet_hours.time_zone", body=hours(time_zone="")),
    invalid("PUT", PATH, "quiet_hours.time_zone", body=hours(time_zone="Nowhere")),
]


@pytest.mark.parametrize("case", REFUSED, ids=str)
async def test_what_cannot_be_is_refused_by_its_reason(world: World, case: Case) -> None:
    answer = await world.request(case.method, case.path, case.user, case.body)
    assert_refused(answer, case)
    assert (world.wishes.kept, world.wishes.muted) == ({}, {})
