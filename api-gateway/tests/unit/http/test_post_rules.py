"""Which requests for posts are refused, and which are just within the rules (parts 3 and 5)."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.unit.http.cases import Case, assert_refused, invalid, undecodable
from tests.unit.http.posts_world import PICTURE, World, a_world

LARGEST = 2**63 - 1

WHO_AND_WHAT = [
    Case("POST", "/posts", 401, "unauthenticated", {"title": 5}, user=None),
    Case("PUT", "/posts/abc", 401, "unauthenticated", {}, user=None),
    Case("DELETE", "/posts/1", 401, "unauthenticated", user=None),
    Case("GET", "/posts/1", 401, "unauthenticated", user=None),
    Case("GET", "/posts/list", 401, "unauthenticated", user=None),
    Case("GET", "/posts/2", 404, "post not found", code="POST_NOT_FOUND"),
    Case("GET", f"/posts/{LARGEST}", 404, "post not found", code="POST_NOT_FOUND"),
    Case("PUT", "/posts/2", 404, "post not found", {"title": "x"}, code="POST_NOT_FOUND"),
    Case("DELETE", "/posts/2", 404, "post not found", code="POST_NOT_FOUND"),
    Case("PUT", "/posts/1", 403, "forbidden", {"title": "x"}, user=2, code="FORBIDDEN"),
    Case("DELETE", "/posts/1", 403, "forbidden", user=2, code="FORBIDDEN"),
    Case("PUT", "/posts/1", 400, "invalid input", {"title": 5}, user=2),
    Case("PATCH", "/posts/1", 405, "method not allowed"),
]

PATHS = [
    undecodable("GET", "/posts/abc"),
    undecodable("GET", "/posts/1.0"),
    undecodable("GET", "/posts/%D9%A1"),
    undecodable("PUT", "/posts/x", {"title": "x"}),
    undecodable("DELETE", "/posts/%20"),
    invalid("GET", "/posts/0", "post_id"),
    invalid("GET", "/posts/-1", "post_id"),
    invalid("DELETE", f"/posts/{LARGEST + 1}", "post_id"),
]


def new(**parts: Any) -> dict[str, Any]:
    return {"title": "x", **parts}


def media(**parts: Any) -> dict[str, Any]:
    return new(media_items=[{**PICTURE, **parts}])


NO_POSTS: list[Any] = [
    [],
    {"title": 5},
    new(content=5),
    new(tags="sea"),
    new(tags=[5]),
    new(tags=[None]),
    new(media_items=PICTURE),
    new(media_items=["x"]),
    media(type=1),
    media(url=["x"]),
    media(position="1"),
    media(position=1.5),
    media(position=True),
    media(description=5),
]
WRONG_TYPES = [
    undecodable("PUT", "/posts/1", {"title": 5}),
    undecodable("PUT", "/posts/1", []),
    *(undecodable("POST", "/posts", body) for body in NO_POSTS),
]

VIOLATIONS = [
    invalid("PUT", "/posts/1", "title", body={"title": ""}),
    invalid("PUT", "/posts/1", "tags.0", body={"tags": [""]}),
    invalid("POST", "/posts", "title", body={}),
    invalid("POST", "/posts", "title", body={"title": None}),
    *(
        invalid("POST", "/posts", "title", body={"title": title})
        for title in ("", " \t ", "\u00a0\u2003", "x" * 256, "a\nb", "a\x7fb", "a\x85b")
    ),
    invalid("POST", "/posts", "content", body=new(content="x" * 100_001)),
    invalid("POST", "/posts", "tags.1", body=new(tags=["a", ""])),
    invalid("POST", "/posts", "tags.0", body=new(tags=["x" * 65])),
    invalid("POST", "/posts", "tags", body=new(tags=[str(n) for n in range(21)])),
    invalid("POST", "/posts", "media_items", body=new(media_items=[PICTURE] * 10)),
    *(
        invalid("POST", "/posts", f"media_items.0.{field}", body=media(**{field: value}))
        for field, value in (
            ("url", "ftp://example.org/a"),
            ("url", "javascript:alert(1)"),
            ("url", "//example.org/a"),
            ("url", ""),
            ("url", "https://" + "x" * 505),
            ("type", "audio"),
            ("type", "image\n"),
            ("position", 0),
            ("position", 10),
            ("description", "x" * 501),
        )
    ),
    invalid(
        "POST",
        "/posts",
        *("title", "media_items.0.url", "media_items.0.type"),
        body={"media_items": [{}]},
    ),
]

QUERIES = [
    *(
        undecodable("GET", f"/posts/list?{query}")
        for query in (
            *("page=0", "page=-1", "page=abc", "page=1.5", "page=2147483648"),
            *("limit=0", "limit=101", "limit=abc", "limit=-5", "limit=99999999999999999999"),
            *("offset=-1", "offset=abc", "offset=2147483648"),
        )
    ),
    *(
        invalid("GET", f"/posts/list?{query}", query.partition("=")[0])
        for query in (
            *("author_id=0", "author_id=abc", "author_id=-1", f"author_id={LARGEST + 1}"),
            *("created_after=yesterday", "created_after=2026-01-02", "created_after=1767323045"),
            *("created_after=2026-01-02T03:04:05", "created_after=2026-13-02T03:04:05Z"),
            "created_before=2026-01-02%2003:04:05Z",
            "created_before=0001-01-01T00:00:00%2B01:00",
        )
    ),
    invalid(
        "GET",
        "/posts/list?created_after=2026-01-02T03:04:06Z&created_before=2026-01-02T03:04:05Z",
        "created_before",
    ),
    invalid("GET", "/posts/list?tag=" + "x" * 65, "tag.0"),
    invalid("GET", "/posts/list?" + "&".join(f"tag={n}" for n in range(21)), "tag"),
]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with a_world() as made:
        yield made


@pytest.mark.parametrize(
    "case", [*WHO_AND_WHAT, *PATHS, *WRONG_TYPES, *VIOLATIONS, *QUERIES], ids=str
)
async def test_what_cannot_be_is_refused_by_its_reason(world: World, case: Case) -> None:
    await world.written("a")
    answer = await world.request(case.method, case.path, case.user, case.body)
    assert_refused(answer, case)
    assert [post.title for post in world.posts.posts.values()] == ["a"]


@pytest.mark.parametrize(
    ("tag", "code"),
    [("", "VALIDATION_FAILED"), ("x" * 65, "VALIDATION_FAILED"), (1, "INVALID_INPUT")],
)
async def test_of_many_bad_tags_the_first_is_named(world: World, tag: object, code: str) -> None:
    answer = await world.request("POST", "/posts", 1, new(tags=["a"] * 3 + [tag] * 10_000))
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    fields = [detail["field"] for detail in answer.json().get("details", ())]
    assert fields == (["tags.3"] if code == "VALIDATION_FAILED" else [])


@pytest.mark.parametrize(
    "body",
    [
        new(title="x" * 255),
        new(title="é" * 255, content="x" * 100_000),
        new(title="<script>  ", content="\n\t"),
        new(tags=["x" * 64, "with space", "a,b"]),
        new(tags=[str(n) for n in range(20)] * 2),
        new(media_items=[{**PICTURE, "description": "x" * 500}] * 9),
        media(position=9),
        media(position=None, description=None),
        media(url="http://e.org/" + "x" * 499),
    ],
    ids=lambda body: str(body)[:50],
)
async def test_what_is_just_within_the_rules_is_taken(world: World, body: dict[str, Any]) -> None:
    answer = await world.request("POST", "/posts", 1, body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["data"]["title"] == body["title"]


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", "edcba"),
        ("limit=2", "ed"),
        ("page=2&limit=2", "cb"),
        ("offset=1&limit=3", "dcb"),
        ("offset=1&page=3&limit=2", "dc"),
        ("offset=0", "edcba"),
        ("page=2147483647&limit=100", ""),
        ("offset=100000", ""),
        ("offset=100001", ""),
        ("author_id=2", "e"),
        ("author_id=", "edcba"),
        (f"author_id={LARGEST}", ""),
        ("tag=sea", "cb"),
        ("tag=sea&tag=dawn", "c"),
        ("tag=sea,dawn", ""),
        ("tag=", "edcba"),
        ("created_after=2026-01-02T03:04:09Z", "ed"),
        ("created_before=2026-01-02T03:04:07.000000999%2B00:00", "ba"),
        ("created_after=2026-01-02T04:04:07%2B01:00&created_before=2026-01-02t03:04:09z", "dcb"),
        ("created_after=&created_before=", "edcba"),
        ("unknown=1", "edcba"),
    ],
)
async def test_a_list_shows_what_is_asked_for(world: World, query: str, titles: str) -> None:
    for title, tags in (("a", []), ("b", ["sea"]), ("c", ["sea", "dawn"]), ("d", ["dawn"])):
        await world.request("POST", "/posts", 1, {"title": title, "tags": tags})
    await world.written("e", user=2)
    page = await world.listed(query)
    assert "".join(post["title"] for post in page["posts"]) == titles
    assert "total_is_estimate" not in page
