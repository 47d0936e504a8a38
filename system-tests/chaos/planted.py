"""Starts a service with a fault in it, to see whether the checker finds it.

Run by path, as `python -P planted.py FAULT MODULE`: it replaces a part of the chassis in this
process, and then becomes the service.
"""

import asyncio
import runpy
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final
from uuid import UUID

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from service_kit.events.consumer import Consumer
from service_kit.events.fetching import Fetched
from service_kit.events.message import Message
from service_kit.events.offsets import Offsets
from service_kit.events.publisher import Publisher

_SKIPPED: Final = 20
_WINDOW_SECONDS: Final = 0.7
"""How far apart two steps are that a crash has to come between: else it would need luck."""
_DISTANCE_SECONDS: Final = 5.0


def relay_skips() -> None:
    """The relay stamps the first row of every twentieth batch without having sent it."""
    publish, batches = Publisher.publish, 0

    async def skipping(
        self: Publisher, topic: str, partition: int, messages: Sequence[Message]
    ) -> int:
        nonlocal batches
        batches += 1
        if batches % _SKIPPED:
            return await publish(self, topic, partition, messages)
        rest = messages[1:]
        return 1 + (await publish(self, topic, partition, rest) if rest else 0)

    Publisher.publish = skipping  # type: ignore[method-assign] # that is the fault


def commit_first() -> None:
    """The consumer commits the offset before the database."""
    take = Consumer._take

    async def hasty(
        self: Consumer,
        consumer: Any,
        offsets: Offsets,
        fetched: Fetched,
    ) -> None:
        ends = {place: records[-1].offset + 1 for place, records in fetched.items() if records}
        if ends:
            await consumer.commit(ends)
            await asyncio.sleep(_WINDOW_SECONDS)
        await take(self, consumer, offsets, fetched)

    Consumer._take = hasty  # type: ignore[method-assign] # that is the fault


def inbox_without_key() -> None:
    """Nothing keeps an event from being taken in twice.

    Offsets follow the database at a distance, without holding anything up: whenever the process
    is killed, or its group divides the partitions anew, the events in between come again.
    """
    # Its own, as it keeps where events came from; other services could not import it.
    from notification_service.adapters.postgres.units import PostgresUnit  # noqa: PLC0415

    distant: set[asyncio.Task[None]] = set()
    claim = PostgresUnit.claim

    async def claim_all(self: PostgresUnit, facts: Collection[Any]) -> set[UUID]:
        await claim(self, facts)
        return {fact.event_id for fact in facts}

    async def later(consumer: Any, waiting: Mapping[TopicPartition, int]) -> None:
        await asyncio.sleep(_DISTANCE_SECONDS)
        with suppress(KafkaError):  # the partition is somebody else's by now
            await consumer.commit(waiting)

    async def late(self: Offsets) -> None:
        waiting, self._waiting = self._waiting, {}
        if waiting:
            task = asyncio.create_task(later(self._consumer, waiting))
            distant.add(task)
            task.add_done_callback(distant.discard)

    PostgresUnit.claim = claim_all  # type: ignore[method-assign] # that is the fault
    Offsets.commit = late  # type: ignore[method-assign] # so that they come again


_FAULTS: Final[dict[str, Callable[[], None]]] = {
    "relay-skips": relay_skips,
    "commit-first": commit_first,
    "inbox-without-key": inbox_without_key,
}


if __name__ == "__main__":
    fault, module = sys.argv[1:]
    _FAULTS[fault]()
    sys.argv = [module]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
