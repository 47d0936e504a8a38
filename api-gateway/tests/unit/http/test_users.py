"""Profiles over HTTP: who sees what, who may change what."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from api_gateway.adapters.http.hot_reads import HotReads
from api_gateway.application.recent_writes import RecentWrites
from tests.fakes.gateways import InMemoryGateways
from tests.fakes.users import a_user
from tests.unit.http.accounts_world import NEW, World, accounts_world


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with accounts_world() as there:
        yield there


def data(answer: httpx.Response) -> dict[str, object]:
    found: dict[str, object] = answer.json()["data"]
    return found


async def test_a_profile_shows_what_is_set_and_the_email_to_its_owner_only(world: World) -> None:
    own = await world.ask("GET", "/users/1", user=1)
    other = await world.ask("GET", "/users/1", user=2)
    assert data(own) == {
        "id": 1,
        "username": "Ada",
        "email": "Ada@example.org",
        "full_name": "Ada Lovelace",
        "bio": "Notes",
        "created_at": "2026-01-02T03:04:05.678000Z",
        "updated_at": "2026-01-02T03:04:05.678000Z",
    }
    assert data(other) == {name: value for name, value in data(own).items() if name != "email"}


async def test_one_user_is_found_by_name_and_by_email_without_regard_to_case(world: World) -> None:
    for path in ("/users/2", "/users/username/BOB", "/users/email/BOB%40example.org"):
        assert data(await world.ask("GET", path, user=1))["id"] == 2


async def test_a_slash_may_be_part_of_an_address(world: World) -> None:
    world.users.users[7] = replace(a_user(7, "carol"), email="ca/rol@example.org")
    for path in ("/users/email/ca%2Frol%40example.org", "/users/email/ca%2frol@example.org/"):
        assert data(await world.ask("GET", path, user=1))["id"] == 7
    refused = await world.ask("GET", "/users/username/a%2Fb", user=1)
    assert (refused.status_code, refused.json()["code"]) == (400, "VALIDATION_FAILED")
    for path in ("/users%2Femail/x", "/users/email%2F", "/users//email%2Fx"):
        assert (await world.ask("GET", path, user=1)).status_code in (400, 404)


@pytest.mark.parametrize(
    "path", ["/users/99", "/users/username/nobody", "/users/email/nobody@example.org"]
)
async def test_who_does_not_exist_is_not_found(world: World, path: str) -> None:
    answer = await world.ask("GET", path, user=1)
    assert (answer.status_code, answer.json()["message"]) == (404, "user not found")
    assert answer.json()["code"] == "USER_NOT_FOUND"


@pytest.mark.parametrize("number", ["9" * 5000, "0" * 39 + "1" + "0" * 50, "-" + "9" * 5000])
async def test_an_id_with_more_digits_than_any_is_out_of_range(number: str) -> None:
    hot = HotReads(RecentWrites(), InMemoryGateways())
    async with accounts_world(hot=hot) as world:
        answer = await world.ask("GET", f"/users/{number}", user=1)
    assert (answer.status_code, answer.json()["code"]) == (400, "VALIDATION_FAILED")


async def test_open_reads_show_no_email_and_compat_shows_it_everywhere() -> None:
    async with accounts_world(public_reads=True) as world:
        assert "email" not in data(await world.ask("GET", "/users/1", user=1))
        found = await world.ask("GET", "/users/search?query=example.org")
        assert data(found)["users"] == []
    async with accounts_world(compat=True) as world:
        assert data(await world.ask("GET", "/users/1"))["email"] == "Ada@example.org"
        found = await world.ask("GET", "/users/search?query=EXAMPLE.ORG")
        assert data(found)["total"] == 2


async def test_the_list_goes_on_where_its_cursor_says(world: World) -> None:
    for number in (3, 4, 5):
        world.users.users[number] = a_user(number, f"user{number}")
    first = await world.ask("GET", "/users?limit=2", user=1)
    assert [one["id"] for one in first.json()["data"]["users"]] == [1, 2]
    assert data(first)["total"] == 5
    cursor = data(first)["next_cursor"]
    assert first.headers["link"] == f'</api/v1/users?limit=2&cursor={cursor}>; rel="next"'
    second = await world.client.get(
        "http://gateway" + first.links["next"]["url"], headers=world.edge.tokens.fields(1)
    )
    assert [one["id"] for one in second.json()["data"]["users"]] == [3, 4]
    numbered = await world.ask("GET", "/users?page=3&limit=2", user=1)
    assert [one["id"] for one in numbered.json()["data"]["users"]] == [5]
    assert "next_cursor" not in data(numbered)
    assert "link" not in numbered.headers


@pytest.mark.parametrize("cursor", ["x", "AAAA", "Ä", "a" * 300])
async def test_a_cursor_that_was_made_up_is_refused(world: World, cursor: str) -> None:
    answer = await world.ask("GET", f"/users?cursor={cursor}", user=1)
    assert (answer.status_code, answer.json()["message"]) == (400, "validation failed")
    assert answer.json()["details"][0]["field"] == "cursor"


async def test_search_answers_with_its_page(world: World) -> None:
    answer = await world.ask("GET", "/users/search?query=LOVE&page=1&limit=5", user=2)
    assert data(answer)["users"] == [data(await world.ask("GET", "/users/1", user=2))]
    assert {name: data(answer)[name] for name in ("total", "page", "limit")} == {
        "total": 1,
        "page": 1,
        "limit": 5,
    }


@pytest.mark.parametrize("query", ["", "?query=", "?page=2"])
async def test_a_search_for_nothing_is_refused(world: World, query: str) -> None:
    answer = await world.ask("GET", f"/users/search{query}", user=1)
    assert (answer.status_code, answer.json()["message"]) == (400, "invalid search query")


@pytest.mark.parametrize(
    ("asked", "page", "limit"),
    [
        ("page=0&limit=0", 1, 20),
        ("page=-1&limit=101", 1, 20),
        ("page=x&limit=y", 1, 20),
        ("page=2&limit=100", 2, 100),
        ("", 1, 20),
    ],
)
async def test_search_falls_back_to_the_default_page(
    world: World, asked: str, page: int, limit: int
) -> None:
    answer = await world.ask("GET", f"/users/search?query=a&{asked}", user=1)
    assert (data(answer)["page"], data(answer)["limit"]) == (page, limit)


async def test_a_page_far_beyond_the_end_of_a_search_is_empty(world: World) -> None:
    for page in (10**6, 2**31 - 1):
        found = await world.ask("GET", f"/users/search?query=a&page={page}&limit=100", user=1)
        assert (found.status_code, data(found)["users"]) == (200, [])
        assert (data(found)["total"], data(found)["page"]) == (1, page)
    assert all(request.offset <= 100_000 for request in world.users.requests)


async def test_who_makes_an_account_sees_its_email_this_once(world: World) -> None:
    made = await world.ask("POST", "/users", user=1, json=NEW, headers={"Idempotency-Key": "k1"})
    assert made.status_code == 201
    assert data(made)["email"] == "cyd@example.org"
    assert len(world.accounts.keys) == 1
    later = await world.ask("GET", f"/users/{data(made)['id']}", user=1)
    assert "email" not in data(later)


async def test_registrations_get_a_key_of_bounded_length_that_is_the_callers_own(
    world: World,
) -> None:
    key = {"Idempotency-Key": "k" * 255}
    for caller in (1, 2):
        await world.ask("POST", "/users", user=caller, json=NEW, headers=key)
    await world.ask("POST", "/users", user=1, json=NEW)
    first, second, without = world.accounts.keys
    assert first != second
    assert (len(first), without) == (64, "")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"username": "Ada"}, "username already exists"),
        ({"email": "Ada@example.org"}, "email already exists"),
    ],
)
async def test_a_name_or_email_that_is_taken_is_a_conflict(
    world: World, change: dict[str, str], message: str
) -> None:
    for answer in (
        await world.ask("POST", "/users", user=1, json=NEW | change),
        await world.ask("POST", "/auth/register", json=NEW | change),
        await world.ask("PUT", "/users/2", user=2, json=change),
    ):
        assert (answer.status_code, answer.json()["message"]) == (409, message)


async def test_what_is_absent_stays_and_what_is_empty_is_cleared(world: World) -> None:
    answer = await world.ask(
        "PUT", "/users/1", user=1, json={"full_name": " A\u00a0King ", "bio": ""}
    )
    assert answer.status_code == 200
    assert data(answer)["full_name"] == " A\u00a0King "
    assert "bio" not in data(answer)
    assert data(answer)["username"] == "Ada"
    assert data(answer)["email"] == "Ada@example.org"
    untouched = await world.ask("PUT", "/users/1", user=1, json={"bio": None})
    assert data(untouched) == data(answer)


async def test_the_older_form_names_the_user_in_the_body(world: World) -> None:
    answer = await world.ask("PUT", "/users", user=1, json={"id": 1, "bio": "New"})
    assert data(answer)["bio"] == "New"
    nameless = await world.ask("PUT", "/users", user=1, json={"bio": "New"})
    assert nameless.json()["details"] == [{"field": "id", "issue": "is required"}]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/users/2", {"bio": "x"}),
        ("PUT", "/users", {"id": 2, "bio": "x"}),
        ("DELETE", "/users/2", None),
        ("DELETE", "/users/999", None),
        ("PUT", "/users/999", {"bio": "x"}),
    ],
)
async def test_nobody_changes_another(
    world: World, method: str, path: str, body: dict[str, object] | None
) -> None:
    answer = await world.ask(method, path, user=1, json=body)
    assert (answer.status_code, answer.json()["message"]) == (403, "forbidden")


async def test_a_bad_body_is_told_before_whose_it_is(world: World) -> None:
    answer = await world.ask("PUT", "/users/2", user=1, json={"username": "!"})
    assert answer.status_code == 400


async def test_an_avatar_is_replaced(world: World) -> None:
    url = "https://cdn.example.org/new.png?size=64"
    answer = await world.ask("PUT", "/users/avatar", user=1, json={"avatar_url": url})
    assert answer.status_code == 200
    assert "data" not in answer.json()
    assert world.users.users[1].avatar_url == url


async def test_an_account_is_deleted_once(world: World) -> None:
    first = await world.ask("DELETE", "/users/1", user=1)
    second = await world.ask("DELETE", "/users/1", user=1)
    assert (first.status_code, first.content) == (204, b"")
    assert second.status_code == 404


async def test_what_a_change_answers_can_be_changed_again(world: World) -> None:
    body = {"bio": "Other"}
    tag = (await world.ask("PUT", "/users/1", user=1, json=body)).headers["etag"]
    assert tag == (await world.ask("GET", "/users/1", user=1)).headers["etag"]
    for path, change in (("/users/1", body), ("/users/avatar", {"avatar_url": "http://a.b"})):
        refused = await world.ask("PUT", path, user=1, json=change, headers={"If-Match": '"old"'})
        assert refused.status_code == 412
    again = await world.ask("PUT", "/users/1", user=1, json=body, headers={"If-Match": tag})
    assert again.status_code == 200
    any_state = {"If-Match": "*"}
    assert (await world.ask("DELETE", "/users/1", user=1, headers=any_state)).status_code == 204


async def test_what_is_read_without_a_token_can_be_changed_with_one() -> None:
    async with accounts_world(public_reads=True) as world:
        tag = (await world.ask("GET", "/users/1")).headers["etag"]
        changed = await world.ask(
            "PUT", "/users/1", user=1, json={"bio": "x"}, headers={"If-Match": tag}
        )
        assert changed.status_code == 200


async def test_a_change_between_the_comparison_and_the_write_is_noticed(world: World) -> None:
    tag = (await world.ask("GET", "/users/1", user=1)).headers["etag"]
    calls = [
        world.ask("PUT", "/users/1", user=1, json={"bio": bio}, headers={"If-Match": tag})
        for bio in ("a", "b")
    ]
    assert sorted([answer.status_code for answer in await asyncio.gather(*calls)]) == [200, 412]


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_a_change_of_what_one_has_not_seen_is_refused(world: World, method: str) -> None:
    tag = (await world.ask("GET", "/users/1", user=1)).headers["etag"]
    body = {"json": {"bio": "Other"}} if method == "PUT" else {}
    stale = await world.ask(method, "/users/1", user=1, headers={"If-Match": '"old"'}, **body)
    weak = await world.ask(method, "/users/1", user=1, headers={"If-Match": f"W/{tag}"}, **body)
    fresh = await world.ask(method, "/users/1", user=1, headers={"If-Match": tag}, **body)
    assert [stale.status_code, weak.status_code] == [412, 412]
    assert stale.json()["code"] == "PRECONDITION_FAILED"
    assert fresh.status_code in (200, 204)
