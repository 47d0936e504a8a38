"""Posts over HTTP: published, read, listed, changed, deleted."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from service_kit.errors import DeadlineExceeded, Unavailable

from api_gateway.adapters.http.schemas.posts import FlatPostData, PostData
from tests.unit.http.cases import Case, assert_refused, invalid
from tests.unit.http.posts_world import PICTURE, World, a_world


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with a_world() as made:
        yield made


async def test_a_published_post_names_its_author_in_fields_of_its_own(world: World) -> None:
    body = {
        "title": " Harbour <b> ",
        "content": "at\ndawn",
        "tags": ["sea", "dawn", "sea"],
        "media_items": [PICTURE, {**PICTURE, "type": "video", "position": 5, "description": "é"}],
        "unknown": True,
    }
    answer = await world.request("POST", "/posts", 1, body)
    assert answer.status_code == 201
    data = answer.json()["data"]
    FlatPostData.model_validate(data)
    assert data == {
        "id": 1,
        "title": " Harbour <b> ",
        "content": "at\ndawn",
        "author_id": 1,
        "author_username": "ann",
        "author_full_name": "Ann A.",
        "author_avatar_url": "https://cdn.example.org/a.png",
        "media": [
            {"id": 1, "position": 1, **PICTURE},
            {"id": 2, **PICTURE, "type": "video", "position": 5, "description": "é"},
        ],
        "tags": [{"id": 1, "name": "sea"}, {"id": 2, "name": "dawn"}],
        "created_at": "2026-01-02T03:04:06Z",
        "updated_at": "2026-01-02T03:04:06Z",
    }


async def test_what_a_post_and_its_author_have_not_is_absent(world: World) -> None:
    answer = await world.request("POST", "/posts", 2, {"title": "T", "content": None})
    data = answer.json()["data"]
    assert data.keys() == {
        *("id", "title", "author_id", "author_username"),
        *("media", "tags", "created_at", "updated_at"),
    }
    assert (data["media"], data["tags"]) == ([], [])


async def test_a_post_is_read_with_its_author(world: World) -> None:
    await world.written("Harbour", user=2)
    answer = await world.request("GET", "/posts/1")
    PostData.model_validate(answer.json()["data"])
    assert answer.json()["data"] == {
        "id": 1,
        "title": "Harbour",
        "author": {"id": 2, "username": "bob"},
        "media": [],
        "tags": [],
        "created_at": "2026-01-02T03:04:06Z",
        "updated_at": "2026-01-02T03:04:06Z",
    }


async def test_a_deleted_author_is_shown_as_such_and_fails_no_list(world: World) -> None:
    await world.written("Harbour")
    world.authors.users.clear()
    one = await world.request("GET", "/posts/1")
    page = await world.listed("")
    assert one.json()["data"]["author"] == {"id": 0, "username": "deleted"}
    assert page["posts"] == [one.json()["data"]]


async def test_a_list_asks_once_for_all_authors(world: World) -> None:
    await world.written("a", "b", "c")
    await world.written("d", user=2)
    world.authors.asked.clear()
    page = await world.listed("limit=100")
    assert [post["author"]["username"] for post in page["posts"]] == ["bob", "ann", "ann", "ann"]
    assert world.authors.asked == [(1, 2)]


async def test_a_total_that_is_estimated_says_so(world: World) -> None:
    world.posts.counted = 10_001
    page = await world.listed("")
    assert (page["total"], page["total_is_estimate"]) == (10_001, True)


async def test_a_list_is_walked_by_cursor_though_posts_come_in(world: World) -> None:
    await world.written(*"abcde")
    first = await world.request("GET", "/posts/list?limit=2&page=1&author_id=1")
    await world.written("f")
    cursor = first.json()["data"]["next_cursor"]
    second = await world.listed(f"limit=2&cursor={cursor}&page=7")
    third = await world.listed(f"limit=2&cursor={second['next_cursor']}")
    titles = [post["title"] for page in (second, third) for post in page["posts"]]
    assert titles == ["c", "b", "a"]
    assert "next_cursor" not in third
    link = f'</api/v1/posts/list?limit=2&author_id=1&cursor={cursor}>; rel="next"'
    assert first.headers["link"] == link


async def test_a_cursor_that_was_changed_is_refused(world: World) -> None:
    await world.written(*"abc")
    cursor = (await world.listed("limit=1"))["next_cursor"]
    forged = ("A" if cursor[0] != "A" else "B") + cursor[1:]
    for wrong in (forged, "after:3", cursor[4:]):
        answer = await world.request("GET", f"/posts/list?cursor={wrong}")
        assert_refused(answer, invalid("GET", "", "cursor"))


@pytest.mark.parametrize(
    ("change", "after"),
    [
        ({}, ("T", "C", ["sea"], 1)),
        ({"title": "New"}, ("New", "C", ["sea"], 1)),
        ({"title": None, "tags": None}, ("T", "C", ["sea"], 1)),
        ({"content": ""}, ("T", None, ["sea"], 1)),
        ({"tags": []}, ("T", "C", [], 1)),
        ({"tags": ["a", "b", "a"]}, ("T", "C", ["a", "b"], 1)),
        ({"media_items": []}, ("T", "C", ["sea"], 0)),
        ({"media_items": [PICTURE, PICTURE]}, ("T", "C", ["sea"], 2)),
    ],
    ids=str,
)
async def test_a_change_replaces_what_is_given(
    world: World, change: dict[str, Any], after: tuple[str, str | None, list[str], int]
) -> None:
    body = {"title": "T", "content": "C", "tags": ["sea"], "media_items": [PICTURE]}
    await world.request("POST", "/posts", 1, body)
    answer = await world.request("PUT", "/posts/1", 1, change)
    assert answer.status_code == 200
    data = answer.json()["data"]
    PostData.model_validate(data)
    tags = [tag["name"] for tag in data["tags"]]
    assert (data["title"], data.get("content"), tags, len(data["media"])) == after
    assert (await world.request("GET", "/posts/1")).json()["data"] == data


async def test_a_deleted_post_is_gone(world: World) -> None:
    await world.written("a")
    deleted = await world.request("DELETE", "/posts/1")
    assert deleted.status_code == 200
    assert deleted.json().keys() == {"status", "message", "timestamp"}
    gone = Case("", "", 404, "post not found", code="POST_NOT_FOUND")
    for method, body in (("GET", None), ("PUT", {}), ("DELETE", None)):
        assert_refused(await world.request(method, "/posts/1", body=body), gone)


async def test_open_reads_need_no_token_and_ignore_a_bad_one() -> None:
    async with a_world(reads_are_open=True) as world:
        await world.written("a")
        for path in ("/posts/1", "/posts/list", "/posts/list/"):
            for fields in ({}, {"Authorization": "Bearer nonsense"}):
                assert (await world.client.get(path, headers=fields)).status_code == 200
        assert (await world.request("POST", "/posts", None, {"title": "x"})).status_code == 401


async def test_the_same_key_publishes_once(world: World) -> None:
    first = await world.request("POST", "/posts", 1, {"title": "x"}, idempotency_key="k")
    again = await world.request("POST", "/posts", 1, {"title": "x"}, idempotency_key="k")
    other = await world.request("POST", "/posts", 1, {"title": "y"}, idempotency_key="k")
    assert (again.json(), again.headers["idempotent-replayed"]) == (first.json(), "true")
    assert other.status_code == 422
    assert len(world.posts.posts) == 1


async def test_a_key_that_the_edge_has_forgotten_still_publishes_one_thing_once(
    world: World,
) -> None:
    for title in ("x", "x", "y"):
        world.edge.keys.answers.clear()
        await world.request("POST", "/posts", 1, {"title": title}, idempotency_key="k")
    assert [post.title for post in world.posts.posts.values()] == ["x", "y"]


@pytest.mark.parametrize("path", ["/posts/1", "/posts/list"])
async def test_what_the_client_has_is_not_sent_again(world: World, path: str) -> None:
    await world.written("a")
    tag = (await world.request("GET", path)).headers["etag"]
    same = await world.request("GET", path, if_none_match=tag)
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    await world.request("PUT", "/posts/1", body={"title": "b"})
    assert (await world.request("GET", path, if_none_match=tag)).status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_only_what_was_seen_is_changed(world: World, method: str) -> None:
    await world.written("a")
    body = {"title": "b"} if method == "PUT" else None
    stale = (await world.request("GET", "/posts/1")).headers["etag"]
    fresh = (await world.request("PUT", "/posts/1", body={"title": "new"})).headers["etag"]
    refused = await world.request(method, "/posts/1", body=body, if_match=stale)
    assert_refused(refused, Case("", "", 412, "precondition failed", code="PRECONDITION_FAILED"))
    assert world.posts.posts[1].title == "new"
    done = await world.request(method, "/posts/1", body=body, if_match=fresh)
    assert done.status_code == 200


@pytest.mark.parametrize(("post_id", "status"), [(1, 403), (2, 404)], ids=["foreign", "missing"])
async def test_whose_post_it_is_counts_before_what_was_seen_of_it(
    world: World, post_id: int, status: int
) -> None:
    await world.written("a")
    answer = await world.request("DELETE", f"/posts/{post_id}", 2, if_match='"old"')
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("failure", "status", "message"),
    [
        (Unavailable(), 503, "external service unavailable"),
        (DeadlineExceeded(), 504, "external service timeout"),
    ],
    ids=["away", "slow"],
)
async def test_authors_that_cannot_be_looked_up_are_no_defect_of_ours(
    world: World, failure: Unavailable | DeadlineExceeded, status: int, message: str
) -> None:
    await world.written("a")
    world.authors.failure = failure
    case = Case("", "", status, message)
    for method, path in (("GET", "/posts/1"), ("GET", "/posts/list"), ("POST", "/posts")):
        body = {"title": "b"} if method == "POST" else None
        assert_refused(await world.request(method, path, body=body), case)
    assert len(world.posts.posts) == 1


async def test_an_empty_list_needs_no_authors(world: World) -> None:
    world.authors.failure = Unavailable()
    assert await world.listed("") == {"posts": [], "total": 0}
