"""Logging in and out, renewing tokens, and devices that are sent away."""

import asyncio

from service_kit.testing import eventually

from journeys.client import Client
from journeys.people import Person, Platform

NO_CREDENTIALS = (401, "invalid credentials: wrong password or user not found")
NO_REFRESH = (401, "invalid refresh token")
REVOKED_WITHIN_SECONDS = 2
UNAUTHENTICATED = 4401
TABS = 20


async def sent_away(client: Client) -> None:
    """The token of a client is void, within the time that everybody is promised."""

    async def is_refused() -> bool:
        return (await client.get("/notification/unread-count")).status == 401

    await eventually(is_refused, REVOKED_WITHIN_SECONDS, "the token is void")
    answer = await client.get("/notification/unread-count")
    assert answer.error == (401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


async def refresh(platform: Platform, token: str) -> tuple[int, str]:
    """The status, and the successor or the error."""
    answer = await platform.anybody().post("/auth/refresh", {"refresh_token": token})
    if answer.status == 200:
        return 200, answer.data["refresh_token"]
    return answer.error


async def test_one_logs_in_by_name_and_by_email_in_any_case(platform: Platform) -> None:
    ada = await platform.person("ada")
    client = platform.anybody()
    for login in (ada.username, ada.username.upper(), ada.email, ada.email.upper()):
        answer = await client.post("/auth/login", {"login": login, "password": ada.password})
        assert answer.data["token_type"] == "Bearer"
        assert answer.data["expires_in"] == 900
        client.token = answer.data["access_token"]
        assert (await client.get(f"/users/{ada.id}")).data["email"] == ada.email
        client.token = None


async def test_a_wrong_password_and_an_unknown_account_are_the_same_to_a_stranger(
    platform: Platform,
) -> None:
    ada = await platform.person("ada")
    for login in (ada.username, ada.email, "nobody-at-all", "nobody@example.com"):
        answer = await platform.anybody().post(
            "/auth/login", {"login": login, "password": "not the password"}
        )
        assert answer.error == NO_CREDENTIALS
        assert answer.body["code"] == "INVALID_CREDENTIALS"


async def test_a_name_and_an_address_belong_to_one_account(platform: Platform) -> None:
    ada = await platform.person("ada")
    account = {"username": "other-name", "email": "other@example.com", "password": "long enough"}
    taken = {
        "username already exists": {**account, "username": ada.username.upper()},
        "email already exists": {**account, "email": ada.email.upper()},
    }
    for message, body in taken.items():
        answer = await platform.anybody().post("/auth/register", body)
        assert answer.error == (409, message)


async def test_a_race_for_a_name_has_one_winner(platform: Platform) -> None:
    ada = await platform.person("ada")
    name = f"{ada.username}-2"
    answers = await asyncio.gather(
        *(
            platform.anybody(number).post(
                "/auth/register",
                {"username": name, "email": f"{number}-{ada.email}", "password": ada.password},
            )
            for number in range(6)
        )
    )
    assert sorted(answer.status for answer in answers) == [201, *[409] * 5]


async def test_a_refresh_token_is_replaced_by_its_successor(platform: Platform) -> None:
    ada = await platform.person("ada")
    status, second = await refresh(platform, ada.refresh_token)
    assert status == 200
    assert second != ada.refresh_token
    status, third = await refresh(platform, second)
    assert status == 200
    assert third not in (ada.refresh_token, second)
    assert await refresh(platform, "no-such-token") == NO_REFRESH


async def test_many_tabs_that_renew_at_once_get_the_same_successor(platform: Platform) -> None:
    ada = await platform.person("ada")
    answers = await asyncio.gather(*(refresh(platform, ada.refresh_token) for _ in range(TABS)))
    assert len(set(answers)) == 1
    (status, successor) = answers[0]
    assert status == 200
    assert (await refresh(platform, successor))[0] == 200


async def test_one_logs_out_once(platform: Platform) -> None:
    ada = await platform.person("ada")
    body = {"refresh_token": ada.refresh_token}
    async with platform.phone(ada, gateway=1) as phone:
        assert (await ada.client.post("/auth/logout", body)).status == 200
        async with asyncio.timeout(REVOKED_WITHIN_SECONDS):
            assert await phone.closed() == UNAUTHENTICATED
    await sent_away(ada.client)
    assert (await platform.anybody().post("/auth/logout", body)).error == NO_REFRESH
    assert await refresh(platform, ada.refresh_token) == NO_REFRESH


async def test_a_new_password_ends_every_other_session(platform: Platform) -> None:
    ada = await platform.person("ada")
    tablet = await platform.login(ada)
    wrong = {"old_password": "not the password", "new_password": "difference engine"}
    assert (await change(ada, wrong)) == (401, "invalid credentials")
    right = {"old_password": ada.password, "new_password": "difference engine"}
    async with platform.phone(tablet, gateway=1) as phone:
        assert (await change(ada, right)) == (200, "Password updated successfully")
        async with asyncio.timeout(REVOKED_WITHIN_SECONDS):
            assert await phone.closed() == UNAUTHENTICATED
    await sent_away(tablet.client)
    assert await refresh(platform, tablet.refresh_token) == NO_REFRESH
    assert await ada.unread() == 0

    login = {"login": ada.email, "password": ada.password}
    assert (await platform.anybody().post("/auth/login", login)).error == NO_CREDENTIALS
    login["password"] = "difference engine"
    assert (await platform.anybody().post("/auth/login", login)).status == 200


async def change(person: Person, body: object) -> tuple[int, str]:
    """The status and the message of a change of password."""
    answer = await person.client.put("/auth/update-password", body)
    return (200, answer.data["message"]) if answer.status == 200 else answer.error


async def test_a_session_that_is_revoked_ends_at_once(platform: Platform) -> None:
    ada, mallory = await platform.people("ada", "mallory")
    tablet = await platform.login(ada)
    sessions = (await ada.client.get("/auth/sessions")).data["sessions"]
    assert sorted(session["current"] for session in sessions) == [False, True]
    (other,) = [session["id"] for session in sessions if not session["current"]]

    stranger = await mallory.client.delete(f"/auth/sessions/{other}")
    assert stranger.error[0] == 404
    async with platform.phone(tablet, gateway=1) as phones, platform.phone(ada) as adas:
        assert (await ada.client.delete(f"/auth/sessions/{other}")).status == 204
        async with asyncio.timeout(REVOKED_WITHIN_SECONDS):
            assert await phones.closed() == UNAUTHENTICATED
        assert await adas.rest() == []
    await sent_away(tablet.client)
    assert await refresh(platform, tablet.refresh_token) == NO_REFRESH
    assert len((await ada.client.get("/auth/sessions")).data["sessions"]) == 1
    assert (await ada.client.delete(f"/auth/sessions/{other}")).error[0] == 404


async def test_whoever_has_no_token_is_told_so(platform: Platform) -> None:
    client = platform.anybody()
    for token, message in ((None, "unauthenticated"), ("x", "invalid token")):
        client.token = token
        for path in ("/auth/sessions", "/notification/feed", "/relation/check?ids=1"):
            assert (await client.get(path)).error == (401, message)


async def test_keys_are_published_for_whoever_verifies(platform: Platform) -> None:
    answer = await platform.connection().get("/.well-known/jwks.json")
    assert answer.status_code == 200
    keys = answer.json()["keys"]
    assert keys
    assert all(key["kid"] and "d" not in key for key in keys)
