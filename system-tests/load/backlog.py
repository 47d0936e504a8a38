"""The work that writes leave behind, seen in the databases: events unheard, fan-out unfinished."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final

import asyncpg

from load.platform import Platform

_SOURCES: Final = ("post-service", "relation-service")
_TARGET: Final = "notification-service"
_POLL_SECONDS: Final = 0.2
_LONGEST_SECONDS: Final = 120.0
_QUIET_NOTIFICATIONS: Final = "SELECT count(*) FROM notifications"

_UNSENT: Final = "SELECT count(*) FROM outbox WHERE sent_at IS NULL"
_PUBLISHED: Final = "SELECT event_id FROM outbox WHERE topic = ANY($1::text[])"
_HEARD_TOPICS: Final = ["post-events", "relation-events"]
"""What notification-service hears; uploads, for one, tell others."""
_HEARD: Final = "SELECT count(DISTINCT event_id) FROM inbox WHERE event_id = ANY($1::uuid[])"
_UNFINISHED: Final = "SELECT count(*) FROM fanout_jobs WHERE stage <> 'done'"
_UNREAD: Final = """
    SELECT id, user_id FROM notifications
    WHERE user_id = ANY($1::bigint[]) AND read_at IS NULL AND withdrawn_at IS NULL ORDER BY id
"""


@dataclass(frozen=True)
class Drained:
    """What was left to do at first, and how long it took; `notifications` stand there at the end.

    `events` counts what was published and not heard, unfinished fan-outs, and unsent announcements.
    """

    events: int
    seconds: float
    notifications: int


def drained(platform: Platform) -> Drained:
    """Wait until nothing is left. Raises TimeoutError after two minutes."""
    return asyncio.run(_drained(platform))


def unread_of(platform: Platform, user_ids: Sequence[int]) -> list[tuple[int, int]]:
    """Pairs (notification, owner) of everything unread of some users, by id."""
    return asyncio.run(_unread_of(platform, user_ids))


async def _drained(platform: Platform) -> Drained:
    begun = time.monotonic()
    async with AsyncExitStack() as stack:
        sources = [await _connected(stack, platform, name) for name in _SOURCES]
        target = await _connected(stack, platform, _TARGET)
        first = left = await _left(sources, target)
        while left:
            if time.monotonic() - begun > _LONGEST_SECONDS:
                raise TimeoutError(f"{left} events are left")
            await asyncio.sleep(_POLL_SECONDS)
            left = await _left(sources, target)
        seconds = time.monotonic() - begun
        return Drained(first, seconds, await target.fetchval(_QUIET_NOTIFICATIONS))


async def _left(sources: Sequence[asyncpg.Connection], target: asyncpg.Connection) -> int:
    left: int = await target.fetchval(_UNFINISHED) + await target.fetchval(_UNSENT)
    for source in sources:
        published = [row["event_id"] for row in await source.fetch(_PUBLISHED, _HEARD_TOPICS)]
        left += len(published) - await target.fetchval(_HEARD, published)
    return left


async def _unread_of(platform: Platform, user_ids: Sequence[int]) -> list[tuple[int, int]]:
    async with AsyncExitStack() as stack:
        target = await _connected(stack, platform, _TARGET)
        return [(row["id"], row["user_id"]) for row in await target.fetch(_UNREAD, list(user_ids))]


async def _connected(stack: AsyncExitStack, platform: Platform, name: str) -> asyncpg.Connection:
    connection = await asyncpg.connect(platform.stack.database_url(name))
    stack.push_async_callback(connection.close)
    return connection
