"""Tickets for sockets: good once, for a while, for one who is still signed in."""

from collections.abc import AsyncIterator

import pytest
from service_kit.errors import Unavailable
from service_kit.testing import free_port

from api_gateway.adapters.redis.link import Link, open_link
from api_gateway.adapters.redis.tickets import RedisTickets
from api_gateway.domain.principal import Principal

PRINCIPAL = Principal(7, "s1", "t1", frozenset({"admin"}), 2000.5, 1000.25)


@pytest.fixture
async def link(redis_url: str) -> AsyncIterator[Link]:
    async with open_link(redis_url, 1.0) as opened:
        yield opened


async def test_a_ticket_says_once_who_it_was_issued_to(link: Link) -> None:
    tickets = RedisTickets(link)
    ticket = await tickets.issue(PRINCIPAL)
    assert await tickets.redeem(ticket) == PRINCIPAL
    assert await tickets.redeem(ticket) is None


async def test_an_unknown_ticket_is_nobodys(link: Link) -> None:
    assert await RedisTickets(link).redeem("made-up") is None
    assert await RedisTickets(link).redeem("x" * 5000) is None


async def test_a_ticket_lives_for_half_a_minute_and_is_not_stored_itself(link: Link) -> None:
    await link.client.flushdb()
    ticket = await RedisTickets(link).issue(PRINCIPAL)
    (name,) = [name async for name in link.client.scan_iter("gateway:ticket:*")]
    assert 0 < await link.client.ttl(name) <= 30
    assert ticket.encode() not in name


async def test_without_redis_there_are_no_tickets() -> None:
    async with open_link(f"redis://127.0.0.1:{free_port()}/0", 0.1) as away:
        with pytest.raises(Unavailable):
            await RedisTickets(away).issue(PRINCIPAL)
        with pytest.raises(Unavailable):
            await RedisTickets(away).redeem("whatever")
