"""Reading topics as they are, from any place, without being a member of a consumer group."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka import errors as kafka
from aiokafka.admin import AIOKafkaAdminClient
from service_kit.events.message import Headers
from service_kit.events.publisher import BrokerAway

_REQUEST_SECONDS: Final = 10
_POLL_SECONDS: Final = 0.5
_MOST_RECORDS: Final = 2000
_INTERNAL: Final = "__"
_FETCH_SECONDS: Final = 0.1
"""What a fetch waits where there is nothing; librdkafka's broker waits so long in any case."""


class ReadRecord(NamedTuple):
    """A record as it stands in its partition, and when the broker or its sender stamped it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp: datetime


class NoSuchTopic(Exception):
    """There is no topic of that name; the message says which ones there are."""


class TopicReader:
    """Reads topics of one cluster; made by `open_reader`. One reading at a time."""

    def __init__(self, consumer: AIOKafkaConsumer, admin: AIOKafkaAdminClient) -> None:
        self._consumer = consumer
        self._admin = admin

    async def topics(self) -> list[str]:
        """The names of all topics that services or people have made, sorted."""
        known = await self._admin.list_topics()
        return sorted(name for name in known if not name.startswith(_INTERNAL))

    async def require(self, names: Collection[str]) -> None:
        """Raises `NoSuchTopic`. A broker may make a topic for being asked about it: ask before."""
        known = await self.topics()
        for name in names:
            if name not in known:
                raise NoSuchTopic(f"no topic {name}; there are: {', '.join(known) or 'none'}")

    async def read(self, topics: Collection[str]) -> AsyncIterator[Sequence[ReadRecord]]:
        """What the topics hold at this moment: batches of one partition, each one's in order.

        Topics that are missing hold nothing.
        """
        partitions = await self._partitions(topics)
        first = await self._consumer.beginning_offsets(partitions)
        ends = await self._consumer.end_offsets(partitions)
        rest = {one for one in partitions if first[one] < ends[one]}
        self._seek({one: first[one] for one in rest})
        while rest:
            async for batch in self._fetch():
                yield [record for record in batch if record.offset < ends[_place(record)]]
            for one in list(rest):
                if await self._consumer.position(one) >= ends[one]:
                    self._consumer.pause(one)
                    rest.remove(one)

    async def follow(
        self, topics: Collection[str], *, from_start: bool = False
    ) -> AsyncIterator[ReadRecord]:
        """What is sent to the topics from now on, or what was ever sent first; without end."""
        partitions = await self._partitions(topics)
        offsets = self._consumer.beginning_offsets if from_start else self._consumer.end_offsets
        self._seek(await offsets(partitions))
        while True:
            async for batch in self._fetch():
                for record in batch:
                    yield record

    async def _partitions(self, topics: Collection[str]) -> list[TopicPartition]:
        existing = [name for name in await self.topics() if name in topics]
        described = await self._admin.describe_topics(existing) if existing else []
        return [
            TopicPartition(topic["topic"], partition["partition"])
            for topic in described
            for partition in topic["partitions"]
        ]

    def _seek(self, offsets: dict[TopicPartition, int]) -> None:
        self._consumer.assign(list(offsets))
        for partition, offset in offsets.items():
            self._consumer.seek(partition, offset)

    async def _fetch(self) -> AsyncIterator[Sequence[ReadRecord]]:
        wait = int(_POLL_SECONDS * 1000)
        found = await self._consumer.getmany(timeout_ms=wait, max_records=_MOST_RECORDS)
        for records in found.values():
            yield [_read(record) for record in records]


@asynccontextmanager
async def open_reader(bootstrap: str) -> AsyncIterator[TopicReader]:
    """A reader while the block runs. Raises `BrokerAway`, within the block too."""
    admin = AIOKafkaAdminClient(
        bootstrap_servers=bootstrap, request_timeout_ms=_REQUEST_SECONDS * 1000
    )
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        request_timeout_ms=_REQUEST_SECONDS * 1000,
        fetch_max_wait_ms=int(_FETCH_SECONDS * 1000),
    )
    try:
        await admin.start()
        await consumer.start()
        yield TopicReader(consumer, admin)
    except (kafka.KafkaError, TimeoutError) as error:
        raise BrokerAway(f"{type(error).__name__}: {error}") from error
    finally:
        await consumer.stop()
        await admin.close()


def _place(record: ReadRecord) -> TopicPartition:
    return TopicPartition(record.topic, record.partition)


def _read(record: AIOKafkaConsumer) -> ReadRecord:
    stamp = datetime.fromtimestamp(record.timestamp / 1000, UTC)
    return ReadRecord(
        record.topic,
        record.partition,
        record.offset,
        record.key,
        record.value,
        record.headers,
        stamp,
    )
