"""Each row of part 5 of the REST API: what is taken, and what is refused by name."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pytest
from journeys.client import Json
from journeys.people import Platform

from contract.rows import PASSWORD, Row, World, assert_row

ACCOUNT: Final[Json] = {"username": "{fresh_name}", "email": "{fresh_email}", "password": PASSWORD}
MEDIA: Final[Json] = {"url": "https://example.com/a.jpg", "type": "image"}
NOTE: Final[Json] = {"user_id": "{alice}", "type": "greeting"}
LARGEST: Final = 2**63 - 1
URLS: Final = ["http://example.com", "https://example.com:8443/a?b=c#d"]
NO_URLS: Final = [
    "",
    "example.com",
    "ftp://example.com/a",
    "javascript:alert(1)",
    "https://",
    "//a",
]


@dataclass(frozen=True)
class Rule:
    """A field of a body: `field` gets each value in turn; `names` is what a violation is called."""

    asks: str
    body: Json
    field: str
    good: Sequence[Any]
    bad: Sequence[Any]
    status: int = 201
    names: str = ""

    def with_value(self, value: Any) -> Json:
        if self.field.startswith("media_items."):
            item = MEDIA | {self.field.partition(".")[2]: value}
            return {**self.body, "media_items": [item]}
        return {**self.body, self.field: value}


RULES: Final = [
    Rule(
        "POST /users",
        ACCOUNT,
        "username",
        ["{fresh_name}"],
        ["ab", "x" * 33, "a b", "ада", "a@b", "abc\n"],
    ),
    Rule(
        "POST /users",
        ACCOUNT,
        "email",
        ["{fresh_email}"],
        ["ada", "@example.com", "a@", "a b@example.com", "a..b@example.com", "x" * 250 + "@a.bc"],
    ),
    Rule(
        "POST /users",
        ACCOUNT,
        "password",
        ["secure123", "x y z x y z", "ä" * 128],
        ["short", "x" * 7, "x" * 129, "password", "12345678"],
    ),
    Rule("POST /users", ACCOUNT, "full_name", ["", "é" * 100], ["x" * 101, "a\tb", "a\u0000"]),
    Rule("POST /users", ACCOUNT, "bio", ["", "b" * 500], ["x" * 501, "a\nb"]),
    Rule(
        "POST /users",
        ACCOUNT,
        "avatar_url",
        [*URLS, "https://example.com/" + "x" * 2028],
        [*NO_URLS, "https://example.com/" + "x" * 2029],
    ),
    Rule(
        "POST /posts",
        {},
        "title",
        ["x", " x ", "\U0001f30a" * 255],
        ["", " \u2003", "x" * 256, "a\nb"],
    ),
    Rule(
        "POST /posts", {"title": "x"}, "content", ["", "a\r\nb\t", "é" * 100_000], ["x" * 100_001]
    ),
    Rule(
        "POST /posts",
        {"title": "x"},
        "tags",
        [[], ["x" * 64], [str(n) for n in range(20)], ["same"] * 10_000],
        [[str(n) for n in range(21)], [str(n) for n in range(10_000)]],
    ),
    Rule("POST /posts", {"title": "x"}, "tags", [], [["x" * 65], [""]], names="tags.0"),
    Rule("POST /posts", {"title": "x"}, "media_items", [[], [MEDIA] * 9], [[MEDIA] * 10]),
    Rule(
        "POST /posts",
        {"title": "x"},
        "media_items.url",
        [*URLS, "https://example.com/" + "x" * 492],
        [*NO_URLS, "https://example.com/" + "x" * 493],
        names="media_items.0.url",
    ),
    Rule(
        "POST /posts",
        {"title": "x"},
        "media_items.type",
        ["image", "video"],
        ["audio", "", "Image"],
        names="media_items.0.type",
    ),
    Rule(
        "POST /posts",
        {"title": "x"},
        "media_items.position",
        [1, 9, None],
        [0, 10, -1],
        names="media_items.0.position",
    ),
    Rule(
        "POST /posts",
        {"title": "x"},
        "media_items.description",
        ["", "x" * 500],
        ["x" * 501],
        names="media_items.0.description",
    ),
    Rule(
        "POST /notification/send",
        NOTE,
        "type",
        ["a", "a_b.c-9", "x" * 64],
        ["", "A", "a b", "x" * 65],
        status=200,
    ),
    Rule(
        "POST /notification/send",
        NOTE,
        "payload",
        [None, 0, "text", [[]], {"__proto__": {"a": 1}}, "x" * 16_000],
        ["x" * 16_400],
        status=200,
    ),
    Rule("POST /notification/send", NOTE, "user_id", ["{bob}"], [0, -1], status=200),
    Rule("POST /relation/unfollow", {}, "followee_id", [], [0, -5]),
    Rule("PUT /users", {"bio": "x"}, "id", ["{alice}"], [0], status=200),
    Rule("POST /auth/login", {"password": "x"}, "login", [], ["", "x" * 255]),
]
GOOD: Final = [(rule, value) for rule in RULES for value in rule.good]
BAD: Final = [(rule, value) for rule in RULES for value in rule.bad]
MOMENTS: Final = "created_after=2026-01-02T00:00:00Z&created_before=2026-01-01T00:00:00Z"
STRICT: Final = ("/notification/feed", "/posts/list")
LENIENT: Final = (
    "/users/search?query=a&",
    "/relation/{alice}/followers?",
    "/relation/{alice}/followees?",
)
UNDECODABLE: Final[Mapping[str, Any]] = {
    "a number for a text": {"title": 5},
    "a text for a list": {"title": "x", "tags": "sea"},
    "a list for an object": {"title": "x", "media_items": [[]]},
    "a boolean for a number": {"title": "x", "media_items": [MEDIA | {"position": True}]},
    "a fraction for an integer": {"title": "x", "media_items": [MEDIA | {"position": 1.5}]},
    "a text for a number": {"title": "x", "media_items": [MEDIA | {"position": "1"}]},
    "no object": ["title"],
}


def shown(one: tuple[Rule, Any]) -> str:
    return f"{one[0].field}={json.dumps(one[1])[:30]}"


@pytest.fixture(scope="module")
async def world(platform: Platform) -> World:
    alice, bob = await platform.people("alice", "bob")
    return World(platform, {"alice": alice, "bob": bob})


@pytest.mark.parametrize("one", GOOD, ids=shown)
async def test_what_keeps_a_rule_is_taken(world: World, one: tuple[Rule, Any]) -> None:
    rule, value = one
    answer = await world.ask(Row(rule.asks, rule.status, body=rule.with_value(value)))
    assert answer.status == rule.status, answer.body


@pytest.mark.parametrize("one", BAD, ids=shown)
async def test_what_breaks_a_rule_is_refused_by_name(world: World, one: tuple[Rule, Any]) -> None:
    rule, value = one
    row = Row(
        rule.asks,
        400,
        "validation failed",
        rule.with_value(value),
        code="VALIDATION_FAILED",
        issues=[rule.names or rule.field],
    )
    assert_row(await world.ask(row), row)


async def test_a_password_is_neither_the_name_nor_the_address(world: World) -> None:
    name = await world.value("fresh_name")
    address = f"{name}@example.com"
    for password in (name, address, name.upper()):
        body = {"username": name, "email": address, "password": password}
        row = Row("POST /users", 400, "validation failed", body, issues=["password"])
        assert_row(await world.ask(row), row)


@pytest.mark.parametrize("what", UNDECODABLE)
async def test_a_wrong_type_is_invalid_input(world: World, what: str) -> None:
    row = Row("POST /posts", 400, "invalid input", UNDECODABLE[what], code="INVALID_INPUT")
    assert_row(await world.ask(row), row)


@pytest.mark.parametrize(
    "path",
    ["GET /users/", "GET /posts/", "GET /notification/", "DELETE /posts/", "PUT /posts/"],
)
async def test_ids_in_paths(world: World, path: str) -> None:
    body: Json | None = {} if path.startswith("PUT") else None
    name = {"/users/": "user_id", "/posts/": "post_id"}.get(path.partition(" ")[2])
    for text in ("x", "1.0", "%20", "1e3"):
        row = Row(path + text, 400, "invalid input", body, code="INVALID_INPUT")
        assert_row(await world.ask(row), row)
    for number in ("0", "-1", str(LARGEST + 1), "9" * 400):
        issues = [name or "notification_id"]
        row = Row(path + number, 400, "validation failed", body, issues=issues)
        assert_row(await world.ask(row), row)
    assert (await world.ask(Row(f"{path}{LARGEST}", 404, body=body))).status == 404


@pytest.mark.parametrize("path", STRICT)
async def test_pages_out_of_range_are_invalid_input(world: World, path: str) -> None:
    for query in ("page=0", "page=-1", "page=x", "limit=0", "limit=101", "limit=1.5", "limit="):
        row = Row(f"GET {path}?{query}", 400, "invalid input", code="INVALID_INPUT")
        assert_row(await world.ask(row), row)
    for query in ("page=1", "limit=100", "page=3&limit=1"):
        assert (await world.ask(Row(f"GET {path}?{query}", 200))).status == 200


@pytest.mark.parametrize("path", LENIENT)
async def test_pages_out_of_range_are_the_default(world: World, path: str) -> None:
    for query in ("page=0&limit=0", "page=x&limit=x", "page=-1&limit=101", "page=&limit="):
        data = (await world.ask(Row(f"GET {path}{query}", 200))).data
        assert (data["page"], data["limit"]) == (1, 20)
    data = (await world.ask(Row(f"GET {path}page=2&limit=100", 200))).data
    assert (data["page"], data["limit"]) == (2, 100)


async def test_filters_of_posts(world: World) -> None:
    for query, issue in (
        ("created_after=yesterday", "created_after"),
        ("created_before=2026-13-01T00:00:00Z", "created_before"),
        (MOMENTS, "created_before"),
        ("author_id=0", "author_id"),
    ):
        row = Row(f"GET /posts/list?{query}", 400, "validation failed", issues=[issue])
        assert_row(await world.ask(row), row)
    query = "created_after=2026-01-01T00:00:00Z&created_before=2126-01-01T02:00:00%2B02:00"
    assert (await world.ask(Row(f"GET /posts/list?{query}", 200))).status == 200


async def test_ids_to_check_are_at_most_a_hundred(world: World) -> None:
    ids = ",".join(map(str, range(1, 101)))
    assert (await world.ask(Row(f"GET /relation/check?ids={ids}", 200))).status == 200
    for query in ("", "?ids=", "?ids=a", "?ids=0", f"?ids={ids},101"):
        row = Row(f"GET /relation/check{query}", 400, "validation failed", issues=["ids"])
        assert_row(await world.ask(row), row)


async def test_duplicate_tags_are_one_and_text_is_echoed_exactly(world: World) -> None:
    title = " <b>&amp; \u202e 'x' \U0001f30a "
    body = {"title": title, "content": " \r\n", "tags": ["Sea", "sea", "Sea"]}
    post = (await world.ask(Row("POST /posts", 201, body=body))).data
    assert (post["title"], post["content"]) == (title, " \r\n")
    assert [tag["name"] for tag in post["tags"]] == ["Sea", "sea"]


async def test_media_without_a_position_take_the_order_given(world: World) -> None:
    items = [MEDIA | {"url": f"https://example.com/{number}"} for number in range(3)]
    body = {"title": "x", "media_items": items}
    post = (await world.ask(Row("POST /posts", 201, body=body))).data
    assert [(one["url"][-1], one["position"]) for one in post["media"]] == [
        ("0", 1),
        ("1", 2),
        ("2", 3),
    ]


async def test_a_body_past_a_mebibyte_is_too_large_and_one_below_fails_validation(
    world: World,
) -> None:
    for size, status, message in (
        (200_000, 400, "validation failed"),
        (1024 * 1024 + 1, 413, "request body too large"),
    ):
        row = Row("POST /posts", status, message, {"title": "x", "content": "x" * size})
        answer = await world.ask(row)
        assert (answer.status, answer.body["message"]) == (status, message)
