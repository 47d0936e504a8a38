"""The inbox: an event that comes twice is claimed once."""

import asyncio
from datetime import timedelta

import asyncpg
from service_kit import inbox
from service_kit.uuid7 import uuid7


async def test_an_event_is_new_once(pool: asyncpg.Pool) -> None:
    first, second = uuid7(), uuid7()
    async with pool.acquire() as connection:
        assert await inbox.claim(connection, "a", [first]) == {first}
        assert await inbox.claim(connection, "a", [first, second, second]) == {second}
        assert await inbox.claim(connection, "a", []) == set()


async def test_consumers_do_not_share_what_they_have_seen(pool: asyncpg.Pool) -> None:
    event = uuid7()
    async with pool.acquire() as connection:
        assert await inbox.claim(connection, "a", [event]) == {event}
        assert await inbox.claim(connection, "b", [event]) == {event}


async def test_a_claim_that_is_rolled_back_was_never_made(pool: asyncpg.Pool) -> None:
    event = uuid7()
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await inbox.claim(connection, "a", [event])
        await transaction.rollback()
        assert await inbox.claim(connection, "a", [event]) == {event}


async def test_of_two_that_claim_at_once_one_waits_and_gets_nothing(pool: asyncpg.Pool) -> None:
    events = [uuid7() for _ in range(50)]
    async with pool.acquire() as one, pool.acquire() as other:
        transaction = one.transaction()
        await transaction.start()
        assert await inbox.claim(one, "a", events) == set(events)
        waiting = asyncio.create_task(inbox.claim(other, "a", events[::-1]))
        await transaction.commit()
        assert await waiting == set()


async def test_pruning_forgets_the_old_ones(pool: asyncpg.Pool) -> None:
    old, new = uuid7(), uuid7()
    async with pool.acquire() as connection:
        await inbox.claim(connection, "pruned", [old])
        await connection.execute("UPDATE inbox SET received_at = now() - interval '31 days'")
        await inbox.claim(connection, "pruned", [new])
        assert await inbox.prune(connection, timedelta(days=30)) > 0
        assert await inbox.prune(connection, timedelta(days=30)) == 0
        assert await inbox.claim(connection, "pruned", [old, new]) == {old}
