"""The inbox: which events a consumer has seen, so that one delivered twice has its effect once."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from service_kit.database import Connection
from service_kit.events.topics import longest_life

_MARGIN: Final = timedelta(days=5)

# Sorted, so that two consumers that claim the same events wait for each other and never deadlock.
_CLAIM: Final = """
INSERT INTO inbox (consumer, event_id)
SELECT DISTINCT $1::text, event_id FROM unnest($2::uuid[]) AS event_id ORDER BY event_id
ON CONFLICT DO NOTHING
RETURNING event_id
"""
_PRUNE: Final = """
DELETE FROM inbox WHERE (consumer, event_id) IN (
    SELECT consumer, event_id FROM inbox WHERE received_at < clock_timestamp() - $1::interval
    ORDER BY received_at LIMIT $2)
"""


def kept(topic_kept: timedelta) -> timedelta:
    """How long to know events of a topic that keeps them for `topic_kept`.

    Longer than one can come again: then nothing that is pruned has its effect a second time.
    """
    return longest_life(topic_kept) + _MARGIN


async def claim(connection: Connection, consumer: str, event_ids: Sequence[UUID]) -> set[UUID]:
    """The events that `consumer` has not seen before; seen from now on, if the caller commits.

    Call it in the transaction that has the events' effect: both happen, or neither.
    """
    rows = await connection.fetch(_CLAIM, consumer, list(event_ids))
    return {row["event_id"] for row in rows}


async def prune(connection: Connection, older_than: timedelta, limit: int = 1000) -> int:
    """Forget up to `limit` events seen more than `older_than` ago; returns how many.

    Keep them as long as `kept` says.
    """
    done = await connection.execute(_PRUNE, older_than, limit)
    return int(done.rpartition(" ")[2])
