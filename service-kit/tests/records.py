"""Builders of outbox records, rows of the outbox, and reading a topic from its beginning."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from service_kit import outbox
from service_kit.events.message import Headers
from service_kit.outbox import OutboxRecord


@dataclass(frozen=True, slots=True)
class ReadRecord:
    """A record read back from a topic."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp: int = -1

    def header(self, name: str) -> str:
        return dict(self.headers)[name].decode()


def a_record(topic: str, key: str = "1", payload: bytes = b"", **changes: object) -> OutboxRecord:
    fields = {"topic": topic, "key": key, "type": "user.created.v1", "payload": payload}
    return OutboxRecord(**{**fields, **changes})  # type: ignore[arg-type] # a builder takes any field


async def append(pool: asyncpg.Pool, *records: OutboxRecord) -> None:
    """Put records into the outbox, in a transaction of their own."""
    async with pool.acquire() as connection, connection.transaction():
        await outbox.append(connection, records)


async def unsent_keys(pool: asyncpg.Pool) -> list[str]:
    """The keys of the rows that are not sent, in their order."""
    rows = await pool.fetch("SELECT key FROM outbox WHERE sent_at IS NULL ORDER BY id")
    return [row["key"] for row in rows]


async def is_drained(pool: asyncpg.Pool) -> bool:
    """Whether everything is sent."""
    return await unsent_keys(pool) == []


async def read_topic(
    bootstrap: str, topic: str, count: int, deadline_seconds: float = 20
) -> list[ReadRecord]:
    """The first `count` records of all partitions, in order within each; fails if less come."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, auto_offset_reset="earliest", fetch_max_wait_ms=20
    )
    await consumer.start()
    records: list[ReadRecord] = []
    try:
        async with asyncio.timeout(deadline_seconds):
            while not consumer.partitions_for_topic(topic):
                await consumer._client._wait_on_metadata(topic)
            numbers = consumer.partitions_for_topic(topic)
            consumer.assign([TopicPartition(topic, number) for number in numbers])
            while len(records) < count:
                for found in (await consumer.getmany(timeout_ms=200)).values():
                    records += map(_read, found)
    except TimeoutError as error:
        raise AssertionError(f"{topic}: {len(records)} of {count} records") from error
    finally:
        await consumer.stop()
    return records


def _read(record: ReadRecord) -> ReadRecord:
    return ReadRecord(
        record.topic, record.partition, record.offset, record.key, record.value, record.headers
    )


def by_key(records: Sequence[ReadRecord]) -> dict[bytes | None, list[bytes | None]]:
    """The values of each key, in the order in which they were read."""
    values: dict[bytes | None, list[bytes | None]] = {}
    for record in records:
        values.setdefault(record.key, []).append(record.value)
    return values
