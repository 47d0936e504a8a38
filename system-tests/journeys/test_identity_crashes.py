"""auth-service dies at each step of a registration; a minute later the account is whole, or none.

A lock on the table that a step writes stops the process right there.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

import pytest
from service_kit.testing import eventually

from journeys.machine import Machine
from journeys.people import Platform
from journeys.vault import Vault

pytestmark = pytest.mark.faults

STEPS: Final = {
    "before anything": ("auth-service", "registrations"),
    "with the registration": ("user-service", "users"),
    "with the user": ("auth-service", "credentials"),
    "with the credential": ("auth-service", "sessions"),
    "before the commit": ("auth-service", "auth_events"),
}
SETTLED_WITHIN_SECONDS: Final = 60
DONE_WITHIN_SECONDS: Final = 10
_UNSETTLED: Final = "SELECT FROM registrations WHERE state <> 'finished'"
_FINISHED: Final = "SELECT FROM registrations WHERE username = $1 AND state = 'finished'"

Account = dict[str, str]


@asynccontextmanager
async def registering(platform: Platform, account: Account) -> AsyncIterator[None]:
    """Somebody registers meanwhile; what the answer is depends on who dies when."""
    answer = asyncio.create_task(platform.anybody().post("/auth/register", account))
    yield
    assert (await answer).status in (201, 503, 504)


async def test_a_crash_after_any_step_leaves_a_whole_account_or_none(
    platform: Platform, machine: Machine, vault: Vault
) -> None:
    ada = await platform.person("ada")
    names = [f"{ada.username}-{number}" for number in range(len(STEPS) + 1)]
    *interrupted, committed = [
        {"username": name, "email": f"{name}@example.com", "password": ada.password}
        for name in names
    ]
    for account, (service, table) in zip(interrupted, STEPS.values(), strict=True):
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(machine.mended())
            barrier = await stack.enter_async_context(vault.stopped_before(service, table))
            async with registering(platform, account):
                await barrier.is_reached()
                machine.kill("auth-service")
    async with machine.mended(), registering(platform, committed):

        async def is_finished() -> bool:
            rows = await vault.rows("auth-service", _FINISHED, committed["username"])
            return bool(rows)

        await eventually(is_finished, DONE_WITHIN_SECONDS, "the commit")
        machine.kill("auth-service")

    async def is_settled() -> bool:
        return not await vault.rows("auth-service", _UNSETTLED)

    await eventually(is_settled, SETTLED_WITHIN_SECONDS, "nothing is left behind")
    whole = [await is_whole(platform, vault, account) for account in [*interrupted, committed]]
    assert whole[-1]


async def is_whole(platform: Platform, vault: Vault, account: Account) -> bool:
    """Whether an account is in both services; where it is in none, its name is free."""
    name = account["username"]
    ids = [
        row["id"]
        for row in await vault.rows(
            "user-service", "SELECT id FROM users WHERE username = $1", name
        )
    ]
    sql = "SELECT FROM credentials WHERE user_id = ANY($1::bigint[])"
    assert len(await vault.rows("auth-service", sql, ids)) == len(ids), f"{name} is half there"
    if ids:
        login = {"login": name, "password": account["password"]}
        assert (await platform.anybody().post("/auth/login", login)).status == 200
    else:
        assert (await platform.anybody().post("/auth/register", account)).status == 201
    return bool(ids)
