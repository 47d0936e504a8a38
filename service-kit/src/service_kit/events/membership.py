"""Membership of a consumer group: joining, leaving, and hearing of partitions that come and go."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener

_REBALANCE_SECONDS: Final = 20  # a batch in hand ends within it, or is handled twice
_REQUEST_SECONDS: Final = 25  # a join is answered when the slowest member has come
_LEAVE_SECONDS: Final = 3.0

Told = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Membership:
    """Seconds: after how many without a sign of life a member is out; how long a fetch may wait."""

    session: float
    fetch: float


def real_membership(session_seconds: float) -> Membership:
    """For Apache Kafka, which answers a fetch as soon as there is something."""
    return Membership(session_seconds, 0.5)


def embedded_membership(*, prompt: bool) -> Membership:
    """For librdkafka's broker: it answers a fetch when its time is up, no sooner.

    To ask forty times a second costs 3 % of a processor. It lets a member into a group that another
    one has left only a second before a session would have timed out.
    """
    return Membership(3.0, 0.025 if prompt else 0.2)


@asynccontextmanager
async def joined(
    bootstrap: str,
    group: str,
    topics: Sequence[str],
    membership: Membership,
    *,
    revoked: Told,
    assigned: Told,
) -> AsyncIterator[AIOKafkaConsumer]:
    """A member of `group` while the block runs; it commits nothing by itself.

    `revoked` is awaited before partitions go to another member, `assigned` after some have come.
    Raises `KafkaError`.
    """
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        group_id=group,
        client_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        session_timeout_ms=int(membership.session * 1000),
        heartbeat_interval_ms=int(membership.session * 100),
        request_timeout_ms=_REQUEST_SECONDS * 1000,
        rebalance_timeout_ms=_REBALANCE_SECONDS * 1000,
        fetch_max_wait_ms=int(membership.fetch * 1000),
        metadata_max_age_ms=60_000,
    )
    consumer.subscribe(topics, listener=_Rebalance(revoked, assigned))
    try:
        await consumer.start()
        yield consumer
    except asyncio.CancelledError:
        # The process ends: a broker that does not answer is not waited for.
        await asyncio.wait({asyncio.create_task(consumer.stop())}, timeout=_LEAVE_SECONDS)
        raise
    finally:
        await consumer.stop()


class _Rebalance(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka has no types
    """Passes on that partitions come or go."""

    def __init__(self, revoked: Told, assigned: Told) -> None:
        self._revoked = revoked
        self._assigned = assigned

    async def on_partitions_revoked(self, revoked: object) -> None:  # noqa: ARG002
        await self._revoked()

    async def on_partitions_assigned(self, assigned: object) -> None:  # noqa: ARG002
        await self._assigned()
