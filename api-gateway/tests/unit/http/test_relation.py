"""Relations over HTTP: following, lists of followers and followees, checks."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from api_gateway.adapters.http.operations import routes_of
from api_gateway.adapters.http.routes.relation import RelationRoutes
from api_gateway.adapters.http.schemas.relation import (
    FolloweesData,
    FollowersData,
    RelationsData,
)
from api_gateway.domain.cursor import Cursors
from api_gateway.domain.relation import RelatedUser
from tests.fakes.relations import InMemoryRelations
from tests.unit.http.cases import Case, assert_refused, invalid, undecodable
from tests.unit.http.client import EdgeOfTest, served

LARGEST = 2**63 - 1
FAR = "0" * 39 + "1" + "0" * 50
FARTHEST = "9" * 5000
PICTURE = "https://cdn.example.org/ann.png"


@dataclass
class World:
    """Ann (1), Bob (2), Cyd (3) and Dee (4), who follow each other, and a client."""

    client: httpx.AsyncClient
    edge: EdgeOfTest
    relations: InMemoryRelations

    async def request(
        self, method: str, path: str, user: int | None = 1, body: Any = None, **fields: str
    ) -> httpx.Response:
        token = {} if user is None else self.edge.tokens.fields(user)
        names = {name.replace("_", "-"): value for name, value in fields.items()}
        return await self.client.request(method, path, json=body, headers={**token, **names})

    async def data(self, path: str) -> dict[str, Any]:
        answer = await self.request("GET", path)
        assert answer.status_code == 200, answer.text
        return dict(answer.json()["data"])


@pytest.fixture
async def world() -> AsyncIterator[World]:
    relations = InMemoryRelations(
        RelatedUser(1, "ann", PICTURE),
        *(RelatedUser(number, name) for number, name in ((2, "bob"), (3, "cyd"), (4, "dee"))),
    )
    relations.follows = [(2, 1), (3, 1), (4, 1), (1, 2)]
    edge = EdgeOfTest()
    routes = routes_of(RelationRoutes(relations, Cursors(b"s" * 16)), tag="relation")
    async with served(routes, edge) as client:
        yield World(client, edge, relations)


@pytest.mark.parametrize(
    ("path", "message", "after"),
    [
        ("/relation/follow", "Followed successfully", True),
        ("/relation/unfollow", "Unfollowed successfully", False),
    ],
)
async def test_following_and_unfollowing_say_what_was_done(
    world: World, path: str, message: str, after: bool
) -> None:
    world.relations.follows = [] if after else [(3, 4)]
    answer = await world.request("POST", path, 3, {"followee_id": 4, "follower_id": 1})
    assert answer.status_code == 200
    assert (answer.json()["data"], answer.json()["message"]) == ({"message": message}, message)
    assert world.relations.follows == ([(3, 4)] if after else [])


async def test_followers_come_with_name_and_picture_the_latest_first(world: World) -> None:
    data = await world.data("/relation/1/followers")
    FollowersData.model_validate(data)
    assert data == {
        "followers": [
            {"id": 4, "username": "dee"},
            {"id": 3, "username": "cyd"},
            {"id": 2, "username": "bob"},
        ],
        "total": 3,
        "page": 1,
        "limit": 20,
    }


async def test_followees_are_listed_likewise(world: World) -> None:
    data = await world.data("/relation/2/followees")
    FolloweesData.model_validate(data)
    assert data == {
        "followees": [{"id": 1, "username": "ann", "avatar_url": PICTURE}],
        "total": 1,
        "page": 1,
        "limit": 20,
    }


@pytest.mark.parametrize(
    ("query", "page", "limit", "names"),
    [
        ("page=2&limit=2", 2, 2, ["bob"]),
        ("page=9", 9, 20, []),
        ("page=5001", 5001, 20, []),
        ("page=5002", 5002, 20, []),
        ("page=2147483647&limit=100", 2147483647, 100, []),
        ("page=0&limit=0", 1, 20, ["dee", "cyd", "bob"]),
        ("page=-1&limit=101", 1, 20, ["dee", "cyd", "bob"]),
        ("page=abc&limit=x", 1, 20, ["dee", "cyd", "bob"]),
        ("page=&limit=", 1, 20, ["dee", "cyd", "bob"]),
        ("page=99999999999999999999&limit=100", 1, 100, ["dee", "cyd", "bob"]),
        (f"page={FAR}&limit={FAR}", 1, 20, ["dee", "cyd", "bob"]),
        (f"page={FARTHEST}&limit={FARTHEST}", 1, 20, ["dee", "cyd", "bob"]),
        (f"page={'0' * 50}2&limit={'0' * 50}2", 2, 2, ["bob"]),
    ],
)
async def test_a_page_out_of_range_is_the_default_one(
    world: World, query: str, page: int, limit: int, names: list[str]
) -> None:
    data = await world.data(f"/relation/1/followers?{query}")
    assert (data["page"], data["limit"], data["total"]) == (page, limit, 3)
    assert [user["username"] for user in data["followers"]] == names


@pytest.mark.parametrize("side", ["followers", "followees"])
async def test_a_list_is_walked_by_cursor_though_others_come_in(world: World, side: str) -> None:
    world.relations.follows += [(1, 3), (1, 4)]
    first = await world.request("GET", f"/relation/1/{side}?limit=2")
    cursor = first.json()["data"]["next_cursor"]
    world.relations.users[5] = RelatedUser(5, "eve")
    world.relations.follows.append((5, 1) if side == "followers" else (1, 5))
    rest = await world.data(f"/relation/1/{side}?limit=2&cursor={cursor}")
    assert [user["username"] for user in rest[side]] == ["bob"]
    assert "next_cursor" not in rest
    link = f'</api/v1/relation/1/{side}?limit=2&cursor={cursor}>; rel="next"'
    assert first.headers["link"] == link


async def test_a_cursor_is_good_for_its_own_list_only(world: World) -> None:
    cursor = (await world.data("/relation/1/followers?limit=1"))["next_cursor"]
    for path in ("/relation/1/followees", "/relation/2/followers"):
        answer = await world.request("GET", f"{path}?cursor={cursor}")
        assert_refused(answer, invalid("GET", path, "cursor"))


async def test_what_the_client_has_is_not_sent_again(world: World) -> None:
    tag = (await world.request("GET", "/relation/1/followers")).headers["etag"]
    same = await world.request("GET", "/relation/1/followers", if_none_match=tag)
    assert (same.status_code, same.content) == (304, b"")


async def test_a_check_says_how_one_stands_to_each(world: World) -> None:
    data = await world.data("/relation/check?ids=3,2,9,3,1")
    assert data == await world.data("/relation/check?ids=3&ids=2,9&ids=3&ids=1")
    RelationsData.model_validate(data)
    assert data == {
        "relations": [
            {"user_id": 3, "following": False, "followed_by": True},
            {"user_id": 2, "following": True, "followed_by": True},
            {"user_id": 9, "following": False, "followed_by": False},
            {"user_id": 1, "following": False, "followed_by": False},
        ]
    }


async def test_a_hundred_can_be_checked_at_once(world: World) -> None:
    ids = ",".join(str(number) for number in range(1, 101))
    assert len((await world.data(f"/relation/check?ids={ids}"))["relations"]) == 100


FOLLOW, UNFOLLOW = "/relation/follow", "/relation/unfollow"
REFUSED = [
    Case("POST", FOLLOW, 401, "unauthenticated", {}, user=None),
    Case("POST", UNFOLLOW, 401, "unauthenticated", {}, user=None),
    Case("GET", "/relation/1/followers", 401, "unauthenticated", user=None),
    Case("GET", "/relation/1/followees", 401, "unauthenticated", user=None),
    Case("GET", "/relation/check?ids=1", 401, "unauthenticated", user=None),
    Case(
        "POST",
        FOLLOW,
        400,
        "cannot follow yourself",
        {"followee_id": 1},
        code="CANNOT_FOLLOW_YOURSELF",
    ),
    Case("POST", FOLLOW, 404, "user not found", {"followee_id": 9}, code="USER_NOT_FOUND"),
    Case(
        "POST",
        FOLLOW,
        409,
        "already following this user",
        {"followee_id": 2},
        code="ALREADY_FOLLOWING",
    ),
    Case(
        "POST",
        UNFOLLOW,
        400,
        "cannot unfollow yourself",
        {"followee_id": 1},
        code="CANNOT_UNFOLLOW_YOURSELF",
    ),
    Case(
        "POST",
        UNFOLLOW,
        404,
        "follow relation not found",
        {"followee_id": 3},
        code="FOLLOW_NOT_FOUND",
    ),
    *(
        case
        for path in (FOLLOW, UNFOLLOW)
        for case in (
            undecodable("POST", path, []),
            undecodable("POST", path, {"followee_id": "2"}),
            undecodable("POST", path, {"followee_id": 2.0}),
            undecodable("POST", path, {"followee_id": True}),
            undecodable("POST", path, {"followee_id": LARGEST + 1}),
            invalid("POST", path, "followee_id", body={}),
            invalid("POST", path, "followee_id", body={"followee_id": None}),
            invalid("POST", path, "followee_id", body={"followee_id": 0}),
            invalid("POST", path, "followee_id", body={"followee_id": -2}),
        )
    ),
    *(
        case
        for side in ("followers", "followees")
        for case in (
            Case("GET", f"/relation/9/{side}", 404, "user not found", code="USER_NOT_FOUND"),
            undecodable("GET", f"/relation/x/{side}"),
            invalid("GET", f"/relation/0/{side}", "user_id"),
            invalid("GET", f"/relation/{LARGEST + 1}/{side}", "user_id"),
            invalid("GET", f"/relation/1/{side}?cursor=x", "cursor"),
        )
    ),
    *(
        invalid("GET", f"/relation/check{query}", "ids")
        for query in (
            *("", "?ids=", "?ids=a", "?ids=1,", "?ids=1,,2", "?ids=0", "?ids=-1", "?ids=1.5"),
            f"?ids={LARGEST + 1}",
            "?ids=" + ",".join(["1"] * 101),
        )
    ),
]


@pytest.mark.parametrize("case", REFUSED, ids=str)
async def test_what_cannot_be_is_refused_by_its_reason(world: World, case: Case) -> None:
    before = list(world.relations.follows)
    answer = await world.request(case.method, case.path, case.user, case.body)
    assert_refused(answer, case)
    assert world.relations.follows == before
