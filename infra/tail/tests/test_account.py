"""Tokens that renew themselves."""

import asyncio

import pytest
from pinstack_tail.account import Account, Tokens
from pinstack_tail.errors import SignedOut, Stopped, Unreachable

from tests.fakes import FakeGateway


async def test_renewals_that_are_asked_for_together_are_one(gateway: FakeGateway) -> None:
    async with gateway.http as http:
        account = await Account.log_in(http, "ada", "secret123")
        renewed = await asyncio.gather(*(account.renew("access-1") for _ in range(20)))
    assert set(renewed) == {"access-2"}
    assert gateway.refreshes == 1


async def test_a_token_is_renewed_shortly_before_it_ends(gateway: FakeGateway) -> None:
    now = 0.0
    async with gateway.http as http:
        account = Account(http, Tokens("access-1", "refresh-1", 900.0), clock=lambda: now)
        assert await account.access_token() == "access-1"
        now = 880.0
        assert await account.access_token() == "access-2"


async def test_an_account_can_be_made(gateway: FakeGateway) -> None:
    async with gateway.http as http:
        account = await Account.register(http, "ada", "ada@example.com", "secret123")
        assert await account.access_token() == "access-1"


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, SignedOut), (400, Stopped), (409, Stopped), (429, Unreachable), (503, Unreachable)],
)
async def test_a_refusal_says_whether_coming_back_helps(
    gateway: FakeGateway, status: int, kind: type[Exception]
) -> None:
    gateway.http_statuses.append(status)
    async with gateway.http as http:
        with pytest.raises(kind):
            await Account.log_in(http, "ada", "secret123")
