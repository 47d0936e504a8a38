"""Revocations are never missed: not at the start, not over a break, not for one session only."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from service_kit.backoff import Delays
from service_kit.errors import Unavailable
from service_kit.testing import eventually

from api_gateway.adapters.tokens.revocations import RETENTION_SECONDS, WatchedRevocations
from api_gateway.adapters.tokens.tickets import LivingTickets
from api_gateway.domain.principal import Principal, Revoked
from tests.fakes.revocation_log import InMemoryRevocationLog

ADA = Principal(7, "s1", "t1", frozenset(), 2e9, 1000.0)
ADA_ELSEWHERE = Principal(7, "s2", "t2", frozenset(), 2e9, 1000.0)
ADA_AGAIN = Principal(7, "s3", "t3", frozenset(), 2e9, 2000.0)
BOB = Principal(8, "s9", "t9", frozenset(), 2e9, 1000.0)
NOW = 1500.0
AT_ONCE = Delays(0.01, 0.01)


@asynccontextmanager
async def following(log: InMemoryRevocationLog) -> AsyncIterator[WatchedRevocations]:
    revocations = WatchedRevocations(log, lambda: NOW, silence_seconds=5, delays=AT_ONCE)
    task = asyncio.create_task(revocations.follow())
    try:
        yield revocations
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_nothing_is_trusted_before_the_log_was_read_once() -> None:
    log = InMemoryRevocationLog()
    log.away = True
    async with following(log) as revocations:
        with pytest.raises(Unavailable):
            revocations.cover(ADA)
        log.away = False
        await eventually(revocations.caught_up.is_set)
        assert not revocations.cover(ADA)


async def test_who_waits_for_the_log_waits_until_it_is_read_and_not_for_ever() -> None:
    log = InMemoryRevocationLog()
    log.away = True
    async with following(log) as revocations:
        await revocations.read_once(0.01)
        assert not revocations.caught_up.is_set()
        log.away = False
        await revocations.read_once(5)
        assert revocations.caught_up.is_set()


async def test_a_revocation_covers_older_tokens_of_its_user_only() -> None:
    log = InMemoryRevocationLog()
    log.add(Revoked(7, None, None, NOW))
    async with following(log) as revocations:
        await eventually(revocations.caught_up.is_set)
        covered = [revocations.cover(one) for one in (ADA, ADA_ELSEWHERE, ADA_AGAIN, BOB)]
    assert covered == [True, True, False, False]


async def test_a_revocation_may_be_of_one_session_or_spare_one() -> None:
    one, spared = Revoked(7, "s1", None, NOW), Revoked(7, None, "s1", NOW)
    assert (one.covers(ADA), one.covers(ADA_ELSEWHERE)) == (True, False)
    assert (spared.covers(ADA), spared.covers(ADA_ELSEWHERE)) == (False, True)


async def test_what_was_revoked_during_a_break_is_read_after_it() -> None:
    log = InMemoryRevocationLog()
    log.add(Revoked(8, None, None, NOW))
    async with following(log) as revocations:
        await eventually(lambda: revocations.caught_up.is_set() and revocations.cover(BOB))
        log.break_off()
        log.add(Revoked(7, None, None, NOW))
        await eventually(lambda: log.refused)
        assert revocations.cover(BOB), "a break takes nothing back"
        log.away = False
        await eventually(lambda: revocations.cover(ADA))
    assert log.opened_after[0] == 0
    assert log.opened_after[-1] == 1


async def test_watchers_hear_of_each_revocation_at_once() -> None:
    log = InMemoryRevocationLog()
    async with following(log) as revocations:
        await eventually(revocations.caught_up.is_set)
        async with revocations.watch() as one, revocations.watch() as two:
            log.add(Revoked(7, "s1", None, NOW))
            async with asyncio.timeout(1):
                heard = [await anext(one), await anext(two)]
    assert heard == [Revoked(7, "s1", None, NOW)] * 2


async def test_a_stream_that_lives_on_forgets_what_no_living_token_is_left_of() -> None:
    log, now = InMemoryRevocationLog(), NOW
    log.add(Revoked(7, "s1", None, NOW))
    log.add(Revoked(8, None, None, NOW + 50_000))
    revocations = WatchedRevocations(log, lambda: now, silence_seconds=5, delays=AT_ONCE)
    task = asyncio.create_task(revocations.follow())
    await eventually(revocations.caught_up.is_set)
    assert revocations.cover(ADA)
    now = NOW + RETENTION_SECONDS
    log.beat()
    await eventually(lambda: not revocations.cover(ADA))
    assert revocations.cover(BOB)
    assert log.opened_after == [0]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_silent_stream_is_opened_again() -> None:
    log = InMemoryRevocationLog()
    revocations = WatchedRevocations(log, lambda: NOW, silence_seconds=0.02, delays=AT_ONCE)
    task = asyncio.create_task(revocations.follow())
    await eventually(lambda: len(log.opened_after) >= 3)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


class OneTicket:
    """A ticket of Ada's."""

    async def issue(self, principal: Principal) -> str:
        return "ticket"

    async def redeem(self, ticket: str) -> Principal | None:
        return ADA if ticket == "ticket" else None


async def test_a_ticket_dies_with_the_token_that_it_was_issued_for() -> None:
    log = InMemoryRevocationLog()
    async with following(log) as revocations:
        await eventually(revocations.caught_up.is_set)
        tickets = LivingTickets(OneTicket(), revocations, lambda: NOW)
        assert await tickets.redeem("ticket") == ADA
        late = LivingTickets(OneTicket(), revocations, lambda: 3e9)
        assert await late.redeem("ticket") is None
        log.add(Revoked(7, None, None, NOW))
        await eventually(lambda: revocations.cover(ADA))
        assert await tickets.redeem("ticket") is None
