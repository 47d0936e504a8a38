"""Requests that mean harm, to the real services: 4xx in the envelope, never a crash or a 5xx."""

from typing import Final

import httpx
import pytest
from journeys.client import API, checked
from journeys.people import Person, Platform

DEEP: Final = 100_000
_TITLE: Final = b'{"title":"x","content":%b}'
UNDECODABLE: Final = {
    "invalid UTF-8": _TITLE % b'"\xff"',
    "half a surrogate": _TITLE % rb'"\ud800"',
    "deep arrays": _TITLE % (b"[" * DEEP + b"]" * DEEP),
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "a huge number": _TITLE % (b"9" * 5000),
    "a huge exponent": _TITLE % b"1e999",
    "no number": _TITLE % b"NaN",
    "a key twice": b'{"title":"x","title":"y"}',
    "no JSON": b"title=x",
    "nothing": b"",
}
INVALID: Final = {
    "a NUL": _TITLE % rb'"a\u0000b"',
    "10,000 tags": b'{"title":"x","tags":[%b]}' % b",".join(b'"%d"' % n for n in range(10_000)),
    "200 kB": _TITLE % (b'"' + b"x" * 200_000 + b'"'),
}
PATHS: Final = [
    "/users/%00",
    "/users/username/%00",
    "/users/username/%ff%fe",
    "/users/username/a%2F..%2Fb",
    "/users/email/%00@example.com",
    "/posts/%F0%9F%8C%8A",
    "/posts/" + "9" * 5000,
    "/posts/list?cursor=%00",
    "/posts/list?tag=%00",
    "/posts/list?created_after=%ff",
    "/users/search?query=%00",
    "/users/search?query=%ff",
    "/notification/feed?page=" + "9" * 400,
    "/users//",
]
FIELDS: Final = [
    {"authorization": b"Bearer \xff\xfe"},
    {"authorization": b"Bearer " + b"a" * 8000},
    {"authorization": b"Bearer a.b.c"},
    {"idempotency-key": b"\xff" * 300},
    {"content-type": b"application/json; charset=\xff"},
    {"content-type": b"text/\xff"},
    {"if-match": b"\xff"},
    {"x-request-id": b"a\xff" * 100},
]
FARAWAY: Final = 2**31 - 1


@pytest.fixture(scope="module")
async def ada(platform: Platform) -> Person:
    return await platform.person("ada")


async def sent(
    platform: Platform,
    owner: Person,
    method: str,
    path: str,
    content: bytes | None = None,
    **more: bytes,
) -> httpx.Response:
    fields = {"authorization": f"Bearer {owner.client.token}", "content-type": "application/json"}
    raw = {name.encode(): value.encode() for name, value in fields.items()}
    raw |= {name.replace("_", "-").encode(): value for name, value in more.items()}
    request = platform.connection().build_request(method, API + path, content=content)
    request.headers.update(httpx.Headers(list(raw.items())))
    request.headers.encoding = "latin-1"
    return await platform.connection().send(request)


@pytest.mark.parametrize("what", UNDECODABLE)
@pytest.mark.parametrize("asks", ["POST /posts", "POST /users", "PUT /users/avatar"])
async def test_what_cannot_be_decoded_is_invalid_input(
    platform: Platform, ada: Person, asks: str, what: str
) -> None:
    method, _, path = asks.partition(" ")
    answer = checked(await sent(platform, ada, method, path, UNDECODABLE[what]))
    assert (answer.status, answer.body["code"]) == (400, "INVALID_INPUT")


@pytest.mark.parametrize("what", INVALID)
async def test_what_breaks_a_rule_fails_validation(
    platform: Platform, ada: Person, what: str
) -> None:
    answer = checked(await sent(platform, ada, "POST", "/posts", INVALID[what]))
    assert (answer.status, answer.body["message"]) == (400, "validation failed")
    assert answer.body["details"]


async def test_a_proto_key_is_one_like_any_other(platform: Platform, ada: Person) -> None:
    body = b'{"title":"x","__proto__":{"admin":true},"constructor":1}'
    answer = checked(await sent(platform, ada, "POST", "/posts", body))
    assert answer.status == 201
    assert not {"__proto__", "constructor", "admin"} & set(answer.data)


async def test_a_proto_object_is_no_title(platform: Platform, ada: Person) -> None:
    body = b'{"title":{"__proto__":{"a":1}}}'
    answer = checked(await sent(platform, ada, "POST", "/posts", body))
    assert answer.error == (400, "invalid input")


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path[:40])
async def test_a_hostile_path_or_query_is_a_clients_mistake(
    platform: Platform, ada: Person, path: str
) -> None:
    answer = checked(await sent(platform, ada, "GET", path))
    assert 400 <= answer.status < 500


@pytest.mark.parametrize("fields", FIELDS, ids=lambda fields: str(fields)[:40])
async def test_a_hostile_header_is_a_clients_mistake_at_the_most(
    platform: Platform, ada: Person, fields: dict[str, bytes]
) -> None:
    more = {name.replace("-", "_"): value for name, value in fields.items()}
    answer = await sent(platform, ada, "POST", "/posts", b'{"title":"x"}', **more)
    assert answer.status_code < 500
    assert answer.json()["status"] == answer.status_code


@pytest.mark.parametrize(
    "path", ["/users/search?query=a&", "/users?", "/posts/list?", "/notification/feed?"]
)
async def test_a_page_far_beyond_every_end_is_empty(
    platform: Platform, ada: Person, path: str
) -> None:
    answer = checked(await sent(platform, ada, "GET", f"{path}page={FARAWAY}&limit=100"))
    assert answer.status == 200
    assert [] in answer.data.values()
