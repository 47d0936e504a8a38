"""Refresh tokens: one family a login, whatever its devices do at once, and its end by a replay."""

import asyncio

from journeys.people import Person, Platform
from journeys.test_sessions import (
    NO_REFRESH,
    REVOKED_WITHIN_SECONDS,
    UNAUTHENTICATED,
    refresh,
    sent_away,
)
from journeys.vault import Vault, claims_of

TABS = 50


async def renewed(platform: Platform, person: Person, gateway: int) -> tuple[str, str]:
    """A pair of tokens, access and refresh, for the refresh token that somebody has."""
    body = {"refresh_token": person.refresh_token}
    answer = await platform.anybody(gateway).post("/auth/refresh", body)
    assert answer.status == 200, answer.body
    return answer.data["access_token"], answer.data["refresh_token"]


async def test_fifty_tabs_that_renew_at_once_stay_one_family(
    platform: Platform, vault: Vault
) -> None:
    ada = await platform.person("ada")
    pairs = await asyncio.gather(*(renewed(platform, ada, gateway=tab) for tab in range(TABS)))
    (successor,) = {refresh_token for _, refresh_token in pairs}
    (session,) = (await ada.client.get("/auth/sessions")).data["sessions"]
    assert {claims_of(access)["sid"] for access, _ in pairs} == {session["id"]}
    sql = "SELECT FROM refresh_tokens WHERE session_id = $1"
    assert len(await vault.rows("auth-service", sql, session["id"])) == 2
    for access, _ in pairs[:4]:
        ada.client.token = access
        assert await ada.unread() == 0
    assert (await refresh(platform, successor))[0] == 200


async def test_a_replay_after_the_grace_ends_the_whole_family_everywhere(
    platform: Platform, vault: Vault
) -> None:
    ada = await platform.person("ada")
    tablet = await platform.login(ada)
    stolen, first_access = ada.refresh_token, ada.client.token
    access, successor = await renewed(platform, ada, gateway=0)
    ada.refresh_token = successor
    _, newest = await renewed(platform, ada, gateway=1)
    await vault.let_the_grace_pass(ada)
    ada.client.token = access
    async with platform.phone(ada, gateway=1) as phone, platform.phone(tablet) as tablets:
        assert await refresh(platform, stolen) == NO_REFRESH
        async with asyncio.timeout(REVOKED_WITHIN_SECONDS):
            assert await phone.closed() == UNAUTHENTICATED
        assert await tablets.rest() == []
    for gateway in (0, 1):
        for token in (first_access, access):
            client = platform.anybody(gateway)
            client.token = token
            await sent_away(client)
    for token in (stolen, successor, newest):
        assert await refresh(platform, token) == NO_REFRESH
    assert await tablet.unread() == 0
    assert (await refresh(platform, tablet.refresh_token))[0] == 200


async def test_a_lost_answer_can_be_had_again_until_the_grace_is_over(
    platform: Platform, vault: Vault
) -> None:
    ada = await platform.person("ada")
    first = await refresh(platform, ada.refresh_token)
    assert await refresh(platform, ada.refresh_token) == first
    await vault.let_the_grace_pass(ada)
    assert await refresh(platform, ada.refresh_token) == NO_REFRESH
