"""The validation table of rest-api.md, part 5, for accounts and profiles."""

from typing import Any

import pytest

from tests.unit.http.accounts_world import NEW, accounts_world

GOOD: dict[str, list[Any]] = {
    "username": ["abc", "A-b_c.9", "x" * 32, "123", "..."],
    "email": [
        "a@b",
        "a@example.org",
        "A+tag@Example.ORG",
        '"a b"@example.org',
        "a@pinstack.test",
        "a@host.local",
        "a@localhost",
        "a@1.xn--p1ai",
        "a@[127.0.0.1]",
        "x" * 64 + "@" + ".".join(["y" * 61] * 3) + ".org",
    ],
    "password": ["secure123", "ä" * 8, "x" * 128, " " * 8, "12 34 56!"],
    "full_name": ["", "x" * 100, "Ä 😀 <b>", "O'Neil", "  "],
    "bio": ["", "x" * 500, "%_\\\"'"],
    "avatar_url": [
        "http://example.org",
        "https://example.org/a?b=c#d",
        "https://user@example.org:8443/x",
        "http://[2001:db8::1]/x",
        "HTTPS://example.org/x",
        "https://example.org/" + "x" * (2048 - 20),
        "https://example.org/ä",
    ],
}
BAD: dict[str, list[Any]] = {
    "username": ["", "ab", "x" * 33, "a b", "ада", "a@b", "abc\n", "a/b", "abc\u200b", "ä" * 3],
    "email": [
        "",
        "ada",
        "@b.org",
        "a@",
        "a b@example.org",
        "a@b@c.org",
        "a@exa mple.org",
        ".a@example.org",
        "a..b@example.org",
        "a@-b.org",
        "a@b..org",
        "a@b_c.org",
        "a@b.org.",
        "a@[b.org]",
        "ada@example.org\n",
        "ä@example.org",
        "a@exämple.org",
        "Ada <a@example.org>",
        "x" * 65 + "@example.org",
        "a@" + "y" * 64 + ".org",
        "x" * 64 + "@" + ".".join(["y" * 63] * 3) + ".org",
        "a" * 300,
    ],
    "password": ["", "short", "x" * 7, "x" * 129],
    "full_name": ["x" * 101, "a\nb", "a\tb", "a\x7f", "a\x85", "a\x00"],
    "bio": ["x" * 501, "a\x1b[0m", "a\r\n"],
    "avatar_url": [
        "",
        "example.org/x",
        "//example.org/x",
        "/x",
        "ftp://example.org/x",
        "javascript:alert(1)",
        "data:image/png;base64,AA",
        "https://",
        "https:///x",
        "https://example.org/a b",
        "https://example.org/\nx",
        "https://example.org:99999/",
        "https://[::1/",
        'https://example.org/"x',
        "https://example.org/" + "x" * 2048,
    ],
}
WRONG_TYPES: list[Any] = [5, 1.5, True, ["x"], {"x": 1}]
CHANGEABLE = ("username", "email", "full_name", "bio")


def rows(table: dict[str, list[Any]]) -> list[Any]:
    return [
        pytest.param(field, value, id=f"{field}-{str(value)[:30]!r}-{len(str(value))}")
        for field, values in table.items()
        for value in values
    ]


@pytest.mark.parametrize(("field", "value"), rows(GOOD))
async def test_what_keeps_the_rule_is_taken_exactly(field: str, value: Any) -> None:
    async with accounts_world() as world:
        for path, user in (("/auth/register", None), ("/users", 1)):
            fresh = NEW if user is None else NEW | {"username": "dan", "email": "dan@example.org"}
            body = fresh | {field: value}
            world.users.users.pop(101, None)
            answer = await world.ask("POST", path, user=user, json=body)
            assert answer.status_code == 201, answer.text
            shown = answer.json()["data"]
            shown = shown.get("user", shown)
            assert field == "password" or shown.get(field, "") == value
            world.users.users = {1: world.users.users[1]}


@pytest.mark.parametrize(("field", "value"), rows(BAD))
async def test_what_breaks_the_rule_is_named(field: str, value: Any) -> None:
    async with accounts_world() as world:
        answers = [
            await world.ask("POST", "/auth/register", json=NEW | {field: value}),
            await world.ask("POST", "/users", user=1, json=NEW | {field: value}),
        ]
        if field in CHANGEABLE:
            answers.append(await world.ask("PUT", "/users/1", user=1, json={field: value}))
        if field == "avatar_url":
            answers.append(await world.ask("PUT", "/users/avatar", user=1, json={field: value}))
        for answer in answers:
            assert (answer.status_code, answer.json()["message"]) == (400, "validation failed")
            assert {one["field"] for one in answer.json()["details"]} == {field}
        assert len(world.users.users) == 2


@pytest.mark.parametrize("field", GOOD)
@pytest.mark.parametrize("value", WRONG_TYPES, ids=str)
async def test_another_json_type_is_invalid_input(field: str, value: Any) -> None:
    async with accounts_world() as world:
        answer = await world.ask("POST", "/auth/register", json=NEW | {field: value})
    assert (answer.status_code, answer.json()["message"]) == (400, "invalid input")


@pytest.mark.parametrize("field", ["username", "email", "password"])
async def test_what_is_required_must_be_there(field: str) -> None:
    async with accounts_world() as world:
        body = {name: value for name, value in NEW.items() if name != field}
        answer = await world.ask("POST", "/auth/register", json=body)
    assert answer.json()["details"] == [{"field": field, "issue": "is required"}]


@pytest.mark.parametrize(
    ("path", "body", "fields"),
    [
        ("/auth/login", {}, {"login", "password"}),
        ("/auth/login", {"login": "", "password": ""}, {"login", "password"}),
        ("/auth/login", {"login": "x" * 255, "password": "x"}, {"login"}),
        ("/auth/refresh", {}, {"refresh_token"}),
        ("/auth/refresh", {"refresh_token": ""}, {"refresh_token"}),
        ("/auth/logout", {}, {"refresh_token"}),
        ("/auth/update-password", {}, {"old_password", "new_password"}),
        ("/auth/update-password", {"old_password": "x", "new_password": "short"}, {"new_password"}),
    ],
)
async def test_credentials_have_their_shape(
    path: str, body: dict[str, object], fields: set[str]
) -> None:
    async with accounts_world() as world:
        answer = await world.ask("POST", path, user=1, json=body)
    assert (answer.status_code, answer.json()["message"]) == (400, "validation failed")
    assert {one["field"] for one in answer.json()["details"]} == fields


@pytest.mark.parametrize(
    ("method", "path", "message"),
    [
        ("GET", "/users/x", "invalid input"),
        ("GET", "/users/0", "validation failed"),
        ("GET", "/users/-3", "validation failed"),
        ("GET", "/users/9223372036854775808", "validation failed"),
        ("GET", "/users/username/ab", "validation failed"),
        ("GET", "/users/username/a%00b", "validation failed"),
        ("GET", "/users/email/ada", "validation failed"),
        ("DELETE", "/users/x", "invalid input"),
        ("PUT", "/users/x", "invalid input"),
        ("DELETE", "/auth/sessions/a%00b", "validation failed"),
        ("GET", "/users/search?query=a%00b", "validation failed"),
        ("GET", "/users/search?query=%ff", "invalid input"),
        ("GET", "/users/search?query=" + "x" * 300, "validation failed"),
    ],
)
async def test_paths_and_queries_have_their_shape(method: str, path: str, message: str) -> None:
    async with accounts_world() as world:
        answer = await world.ask(method, path, user=1, json={} if method == "PUT" else None)
    assert (answer.status_code, answer.json()["message"]) == (400, message)
