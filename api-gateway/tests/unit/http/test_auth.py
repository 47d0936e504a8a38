"""Credentials and sessions over HTTP."""

from collections.abc import AsyncIterator

import pytest
from service_kit.errors import Unavailable

from api_gateway.domain.session import Session
from tests.fakes.users import AT
from tests.unit.http.accounts_world import NEW, World, accounts_world


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with accounts_world() as there:
        yield there


async def test_registering_answers_with_tokens_and_the_own_profile(world: World) -> None:
    answer = await world.ask(
        "POST", "/auth/register", json=NEW | {"full_name": ""}, headers={"User-Agent": "Tests/1.0"}
    )
    assert answer.status_code == 201
    content = answer.json()["data"]
    assert content["user"]["email"] == "cyd@example.org"
    assert (content["token_type"], content["expires_in"]) == ("Bearer", 900)
    assert content["access_token"]
    assert content["refresh_token"]
    assert (world.accounts.clients[0].device, world.accounts.clients[0].address) == (
        "Tests/1.0",
        "203.0.113.9",
    )
    assert answer.headers["cache-control"] == "no-store"


async def test_an_account_that_was_made_is_no_failure_where_its_profile_cannot_be_read(
    world: World,
) -> None:
    world.users.failure = Unavailable()
    for path, user in (("/auth/register", None), ("/users", 1)):
        account = {**NEW, "username": f"new{user}", "email": f"new{user}@x.test", "bio": "Gulls"}
        answer = await world.ask("POST", path, user=user, json=account)
        assert answer.status_code == 201
        shown = answer.json()["data"]
        shown = shown.get("user", shown)
        assert (shown["username"], shown["bio"]) == (f"new{user}", "Gulls")
        assert shown["created_at"] == shown["updated_at"] == "2026-01-02T03:04:05.678000Z"


@pytest.mark.parametrize("login", ["ada", "ADA@example.org"])
async def test_one_signs_in_by_name_or_email(world: World, login: str) -> None:
    answer = await world.ask(
        "POST", "/auth/login", json={"login": login, "password": "old password"}
    )
    assert answer.status_code == 200
    assert answer.json()["data"].keys() == {
        "access_token",
        "refresh_token",
        "token_type",
        "expires_in",
    }


@pytest.mark.parametrize(("login", "password"), [("ada", "x"), ("nobody", "old password")])
async def test_a_wrong_password_and_an_unknown_account_get_the_same_answer(
    world: World, login: str, password: str
) -> None:
    answer = await world.ask("POST", "/auth/login", json={"login": login, "password": password})
    assert answer.status_code == 401
    assert answer.json()["code"] == "INVALID_CREDENTIALS"
    assert answer.json()["message"] == "invalid credentials: wrong password or user not found"
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_refresh_token_is_renewed_and_ended_once(world: World) -> None:
    login = await world.ask(
        "POST", "/auth/login", json={"login": "ada", "password": "old password"}
    )
    first = {"refresh_token": login.json()["data"]["refresh_token"]}
    renewed = await world.ask("POST", "/auth/refresh", json=first)
    second = {"refresh_token": renewed.json()["data"]["refresh_token"]}
    assert (await world.ask("POST", "/auth/logout", json=second)).status_code == 200
    for path in ("/auth/logout", "/auth/refresh"):
        answer = await world.ask("POST", path, json=second)
        assert (answer.status_code, answer.json()["message"]) == (401, "invalid refresh token")


@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_a_password_is_changed_by_who_knows_it(world: World, method: str) -> None:
    wrong = await world.ask(
        method,
        "/auth/update-password",
        user=1,
        json={"old_password": "x", "new_password": "new password"},
    )
    right = await world.ask(
        method,
        "/auth/update-password",
        user=1,
        json={"old_password": "old password", "new_password": "new password"},
    )
    assert (wrong.status_code, wrong.json()["message"]) == (401, "invalid credentials")
    assert right.status_code == 200
    assert right.json()["data"] == {"message": "Password updated successfully"}
    assert world.accounts.passwords[1] == "new password"


async def test_sessions_are_listed_and_ended(world: World) -> None:
    world.accounts.session_list = [Session("s1", "Phone", AT, AT), Session("s2", "Desk", AT, AT)]
    listed = await world.ask("GET", "/auth/sessions", user=1)
    at = "2026-01-02T03:04:05.678000Z"
    assert listed.json()["data"]["sessions"] == [
        {"id": "s1", "device": "Phone", "created_at": at, "last_used_at": at, "current": True},
        {"id": "s2", "device": "Desk", "created_at": at, "last_used_at": at, "current": False},
    ]
    assert (await world.ask("DELETE", "/auth/sessions/s2", user=1)).status_code == 204
    missing = await world.ask("DELETE", "/auth/sessions/s2", user=1)
    assert (missing.status_code, missing.json()["code"]) == (404, "SESSION_NOT_FOUND")
