"""A Kafka topic in memory, for tests of what publishes and what consumes."""

import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime

from aiokafka.partitioner import DefaultPartitioner
from service_kit.events.dead_letters import dead_letter
from service_kit.events.delivery import MAX_INVALID, Delivery, Handle, TooManyInvalidEvents
from service_kit.events.message import NO_STAMP, Headers, Message, Record, cloud_event_headers
from service_kit.outbox import OutboxRecord

_BATCH = 200


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record in a partition."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp: int = NO_STAMP


class InMemoryTopic:
    """Behaves as a Kafka topic does through `service_kit.events`, but delivers when it is told to.

    `partitions` hold the records; `dead_letters[group]` what a group could not handle.
    """

    def __init__(self, name: str, partitions: int = 6) -> None:
        self.name = name
        self.partitions: list[list[StoredRecord]] = [[] for _ in range(partitions)]
        self.dead_letters: defaultdict[str, list[Message]] = defaultdict(list)
        self._committed: defaultdict[tuple[str, int], int] = defaultdict(int)

    async def publish(self, record: OutboxRecord, source: str = "test") -> None:
        """Add an event, as the relay of the service `source` would."""
        headers = cloud_event_headers(
            record.event_id, record.type, source, datetime.now(UTC), record.headers
        )
        self.put(Message(record.key.encode(), record.payload, headers))

    def put(self, message: Message) -> None:
        """Add any record, a malformed one too."""
        numbers = range(len(self.partitions))
        number = DefaultPartitioner()(message.key or b"", list(numbers), [])
        partition = self.partitions[number]
        offset = len(partition)
        said = message.key, message.value, message.headers
        stamp = time.time_ns() // 1_000_000
        partition.append(StoredRecord(self.name, number, offset, *said, stamp))

    async def deliver(self, group: str, handle: Handle, max_invalid: int = MAX_INVALID) -> None:
        """Hand everything that `group` has not handled to `handle`, once; then return.

        What `handle` can't take for now stays, with all behind it, for the next call. Raises
        `TooManyInvalidEvents`.
        """
        delivery = Delivery(group, handle, _Shelf(self.dead_letters[group]), (), max_invalid)
        for number, records in enumerate(self.partitions):
            while batch := records[self._committed[group, number] :][:_BATCH]:
                progress = await delivery.deliver(batch)
                self._committed[group, number] += progress.done
                if isinstance(progress.error, TooManyInvalidEvents):
                    raise progress.error
                if progress.error is not None:
                    break


class _Shelf:
    """Dead letters of one group."""

    def __init__(self, letters: list[Message]) -> None:
        self._letters = letters

    async def put(self, record: Record, reason: str, attempts: int) -> None:
        self._letters.append(dead_letter(record, reason, attempts))
