"""Relay and consumer with an Apache Kafka that goes away, refuses, and rebalances."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from pinstack_local.errors import LocalStackError
from pinstack_local.kafka import KafkaServer
from service_kit import metrics, outbox
from service_kit.events import (
    Consumer,
    Handle,
    Message,
    MessagesRefused,
    Publisher,
    ReceivedEvent,
    ensure_topics,
)
from service_kit.outbox import OutboxRecord, Relay
from service_kit.testing import eventually

from tests.records import a_record, by_key, read_topic
from tests.topics import QUICK

pytestmark = pytest.mark.kafka

SLOW = 30.0
"""Seconds in which a broker starts, or a group rebalances, even on a busy machine."""

RunRelay = Callable[[], AbstractAsyncContextManager[Relay]]


@pytest.fixture(scope="module")
def kafka() -> Iterator[KafkaServer]:
    """An Apache Kafka of our own, to stop and start."""
    with tempfile.TemporaryDirectory(prefix="pinstack-test-") as folder:
        server = KafkaServer(Path(folder))
        try:
            server.start()
        except LocalStackError as reason:
            pytest.skip(f"no Apache Kafka here: {reason}")
        yield server
        server.stop()


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(database_url, min_size=1) as pool:
        await pool.execute("TRUNCATE outbox, inbox")
        yield pool


@pytest.fixture
def topic() -> str:
    return f"events-{uuid4().hex[:8]}"


@asynccontextmanager
async def running(work: Callable[[], object]) -> AsyncIterator[None]:
    task: asyncio.Task[None] = asyncio.create_task(work())  # type: ignore[arg-type] # a coroutine function
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


@pytest.fixture
def run_relay(database_url: str, kafka: KafkaServer) -> RunRelay:
    @asynccontextmanager
    async def run() -> AsyncIterator[Relay]:
        relay = Relay(
            database_url, kafka.bootstrap_servers, "test", poll_seconds=0.05, delays=QUICK
        )
        async with running(relay.run):
            yield relay

    return run


async def append(pool: asyncpg.Pool, *records: OutboxRecord) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await outbox.append(connection, records)


async def unsent_keys(pool: asyncpg.Pool) -> list[str]:
    rows = await pool.fetch("SELECT key FROM outbox WHERE sent_at IS NULL ORDER BY id")
    return [row["key"] for row in rows]


async def is_drained(pool: asyncpg.Pool) -> bool:
    return await unsent_keys(pool) == []


async def create_topic(bootstrap: str, name: str, **configs: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, 1, 1, topic_configs=configs)])
    finally:
        await admin.close()


async def test_a_row_that_is_refused_blocks_its_key_only(
    pool: asyncpg.Pool, run_relay: RunRelay, kafka: KafkaServer, topic: str
) -> None:
    await create_topic(kafka.bootstrap_servers, topic, **{"max.message.bytes": "2000"})
    await append(
        pool,
        a_record(topic, "good", b"1"),
        a_record(topic, "bad", b"x" * 3000),
        a_record(topic, "bad", b"after the bad one"),
        a_record(topic, "good", b"2"),
    )
    async with run_relay():
        found = await read_topic(kafka.bootstrap_servers, topic, 2)
        await append(pool, a_record(topic, "good", b"3"))

        async def is_tried_again() -> bool:
            attempts: int = await pool.fetchval("SELECT max(attempts) FROM outbox")
            return attempts >= 3

        await eventually(is_tried_again)
        found = await read_topic(kafka.bootstrap_servers, topic, 3)
    assert by_key(found) == {b"good": [b"1", b"2", b"3"]}
    assert await unsent_keys(pool) == ["bad", "bad"]
    reason = await pool.fetchval("SELECT last_error FROM outbox WHERE attempts > 0")
    assert "MessageSizeTooLarge" in reason


async def test_a_publisher_goes_on_after_a_refusal(kafka: KafkaServer, topic: str) -> None:
    await create_topic(kafka.bootstrap_servers, topic, **{"max.message.bytes": "2000"})
    publisher = Publisher(kafka.bootstrap_servers, "test")
    await publisher.learn(topic)
    assert await publisher.publish(topic, 0, [Message(b"k", b"1", [])]) == 1
    with pytest.raises(MessagesRefused):
        await publisher.publish(topic, 0, [Message(b"k", b"x" * 3000, [])])
    assert await publisher.publish(topic, 0, [Message(b"k", b"2", [])]) == 1
    await publisher.close()
    found = await read_topic(kafka.bootstrap_servers, topic, 2)
    assert [record.value for record in found] == [b"1", b"2"]


async def test_what_is_written_while_kafka_is_away_is_published_later(
    pool: asyncpg.Pool, run_relay: RunRelay, kafka: KafkaServer, topic: str
) -> None:
    kafka.stop()
    async with run_relay() as relay:
        await eventually(lambda: relay.leading)
        for number in range(20):
            await append(pool, a_record(topic, str(number % 3), str(number).encode()))
        await asyncio.to_thread(kafka.start)
        await eventually(lambda: is_drained(pool), SLOW)
    found = by_key(await read_topic(kafka.bootstrap_servers, topic, 20))
    assert found == {
        str(key).encode(): [str(number).encode() for number in range(key, 20, 3)]
        for key in range(3)
    }


async def test_a_restart_of_kafka_loses_nothing_and_keeps_the_order(
    pool: asyncpg.Pool, run_relay: RunRelay, kafka: KafkaServer, topic: str
) -> None:
    async with run_relay() as relay:
        for number in range(10):
            await append(pool, a_record(topic, "k", str(number).encode()))
        relay.wake()
        await eventually(lambda: is_drained(pool), SLOW)
        kafka.process.kill()
        for number in range(10, 20):
            await append(pool, a_record(topic, "k", str(number).encode()))
            relay.wake()
        await asyncio.to_thread(kafka.start)
        await eventually(lambda: is_drained(pool), SLOW)
    found = await read_topic(kafka.bootstrap_servers, topic, 20)
    firsts = dict.fromkeys(record.value for record in found)
    assert list(firsts) == [str(number).encode() for number in range(20)]


class Handler:
    """Remembers values and, if told so, fails or waits."""

    def __init__(self) -> None:
        self.values: list[bytes] = []
        self.failing: set[bytes] = set()
        self.open = asyncio.Event()
        self.open.set()
        self.entered = asyncio.Event()

    async def __call__(self, events: Sequence[ReceivedEvent]) -> None:
        self.entered.set()
        await self.open.wait()
        if self.failing.intersection(event.value for event in events):
            raise RuntimeError("not now")
        self.values += [event.value for event in events]


def consumer(kafka: KafkaServer, topic: str, handle: Handle, **options: object) -> Consumer:
    group = f"group-{topic}"
    fields = {"session_seconds": 6.0, "delays": QUICK, **options}
    return Consumer(kafka.bootstrap_servers, group, [topic], handle, **fields)  # type: ignore[arg-type] # as given


async def publish(kafka: KafkaServer, topic: str, **values: Sequence[bytes]) -> None:
    """Values by key, one after the other."""
    publisher = Publisher(kafka.bootstrap_servers, "test")
    await publisher.learn(topic)
    for key, sent in values.items():
        partition = publisher.partition_of(topic, key.encode())
        assert partition is not None
        for value in sent:
            record = a_record(topic, key, value)
            headers = [("ce_id", str(record.event_id).encode()), ("ce_type", b"t")]
            headers += [("ce_source", b"test"), ("ce_time", b"2026-01-01T00:00:00Z")]
            await publisher.publish(topic, partition, [Message(key.encode(), value, headers)])
    await publisher.close()


async def test_a_relay_makes_the_topics_that_are_missing(
    pool: asyncpg.Pool, database_url: str, kafka: KafkaServer, topic: str
) -> None:
    await append(pool, a_record(topic))
    relay = Relay(database_url, kafka.bootstrap_servers, "test", partitions=4)
    async with running(relay.run):
        await eventually(lambda: is_drained(pool), SLOW)
    assert await partition_counts(kafka, topic) == [4]


async def test_a_topic_that_cannot_be_made_holds_up_nothing_else(
    pool: asyncpg.Pool, database_url: str, kafka: KafkaServer, topic: str
) -> None:
    await ensure_topics(kafka.bootstrap_servers, [topic])
    await append(pool, a_record(f"{topic}-impossible"), a_record(topic))
    relay = Relay(database_url, kafka.bootstrap_servers, "test", replication=9, delays=QUICK)
    async with running(relay.run):
        await read_topic(kafka.bootstrap_servers, topic, 1)
        await append(pool, a_record(topic))
        relay.wake()
        await read_topic(kafka.bootstrap_servers, topic, 2)
    assert await pool.fetchval("SELECT count(*) FROM outbox WHERE sent_at IS NULL") == 1


async def partition_counts(kafka: KafkaServer, *topics: str) -> list[int]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await admin.start()
    try:
        found = {d["topic"]: d for d in await admin.describe_topics(list(topics))}
    finally:
        await admin.close()
    return [len(found[topic]["partitions"]) for topic in topics]


async def test_a_consumer_makes_its_topics_and_begins_at_once(
    kafka: KafkaServer, topic: str
) -> None:
    handler = Handler()
    member = consumer(kafka, topic, handler, partitions=3)
    async with running(member.run):
        await eventually(lambda: member.ready, SLOW)
        await publish(kafka, topic, a=[b"1"])
        await eventually(lambda: handler.values == [b"1"])
    assert await partition_counts(kafka, topic, f"group-{topic}.dlq") == [3, 3]


async def test_a_stuck_partition_does_not_hold_up_the_others(
    kafka: KafkaServer, topic: str
) -> None:
    handler = Handler()
    handler.failing = {b"stuck"}
    await ensure_topics(kafka.bootstrap_servers, [topic])
    await publish(kafka, topic, a=[b"stuck", b"behind it"])
    async with running(consumer(kafka, topic, handler).run):
        await asyncio.wait_for(handler.entered.wait(), SLOW)
        await publish(kafka, topic, b=[b"free"])
        await eventually(lambda: handler.values == [b"free"])
        lag = metrics.CONSUMER_LAG.labels(topic, f"group-{topic}")
        await eventually(lambda: lag._value.get() == 2)
        handler.failing.clear()
        await eventually(lambda: handler.values == [b"free", b"stuck", b"behind it"])
        await eventually(lambda: lag._value.get() == 0)


async def test_partitions_are_handled_at_the_same_time(kafka: KafkaServer, topic: str) -> None:
    both, handled = asyncio.Barrier(2), list[bytes]()

    async def handle(events: Sequence[ReceivedEvent]) -> None:
        async with asyncio.timeout(SLOW):
            await both.wait()
        handled.extend(event.value for event in events)

    await ensure_topics(kafka.bootstrap_servers, [topic])
    await publish(kafka, topic, a=[b"one"], b=[b"other"])
    async with running(consumer(kafka, topic, handle).run):
        await eventually(lambda: sorted(handled) == [b"one", b"other"], SLOW)


async def test_what_one_partition_has_not_handled_is_not_committed_with_the_others(
    kafka: KafkaServer, topic: str
) -> None:
    first, second = Handler(), Handler()
    first.failing = {b"stuck"}
    await ensure_topics(kafka.bootstrap_servers, [topic])
    await publish(kafka, topic, a=[b"stuck", b"behind it"], b=[b"free"])
    lag = metrics.CONSUMER_LAG.labels(topic, f"group-{topic}")
    async with running(consumer(kafka, topic, first).run):
        await eventually(lambda: first.values == [b"free"] and lag._value.get() == 2, SLOW)
    async with running(consumer(kafka, topic, second).run):
        await eventually(lambda: second.values == [b"stuck", b"behind it"], SLOW)


async def test_topics_keep_events_as_long_as_they_are_told(kafka: KafkaServer, topic: str) -> None:
    member = Consumer(
        kafka.bootstrap_servers, f"group-{topic}", [topic], Handler(), kept=timedelta(days=3)
    )
    async with running(member.run):
        await eventually(lambda: member.ready, SLOW)
    day = 24 * 3600 * 1000
    assert await configured(kafka, topic) == {"retention.ms": 3 * day, "segment.ms": day}
    letters = await configured(kafka, f"group-{topic}.dlq")
    assert letters == {"retention.ms": 9 * day, "segment.ms": day}


async def configured(kafka: KafkaServer, topic: str) -> dict[str, int]:
    """What was said about the life of a topic's events when it was made."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await admin.start()
    try:
        (answer,) = await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, topic)])
    finally:
        await admin.close()
    entries = {entry[0]: entry[1] for entry in answer.resources[0][4]}
    return {name: int(entries[name]) for name in ("retention.ms", "segment.ms")}


async def test_partitions_move_after_the_batch_in_hand_is_committed(
    kafka: KafkaServer, topic: str
) -> None:
    first, second = Handler(), Handler()
    first.open.clear()
    await ensure_topics(kafka.bootstrap_servers, [topic])
    await publish(kafka, topic, a=[b"a1"], b=[b"b1"], c=[b"c1"], d=[b"d1"])
    newcomer = consumer(kafka, topic, second)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(running(consumer(kafka, topic, first).run))
        await asyncio.wait_for(first.entered.wait(), SLOW)
        await stack.enter_async_context(running(newcomer.run))
        first.open.set()
        await eventually(lambda: newcomer.ready, SLOW)
        await publish(kafka, topic, a=[b"a2"], b=[b"b2"], c=[b"c2"], d=[b"d2"])
        await eventually(lambda: len(first.values + second.values) >= 8, SLOW)
    handled = first.values + second.values
    assert sorted(handled) == [b"a1", b"a2", b"b1", b"b2", b"c1", b"c2", b"d1", b"d2"]
    assert first.values
    assert second.values


async def test_a_member_that_leaves_hands_its_partitions_over(
    kafka: KafkaServer, topic: str
) -> None:
    first, second = Handler(), Handler()
    stays = consumer(kafka, topic, second)
    async with running(stays.run):
        async with running(consumer(kafka, topic, first).run):
            await eventually(lambda: stays.ready, SLOW)
        await publish(kafka, topic, a=[b"1"], b=[b"2"], c=[b"3"], d=[b"4"])
        await eventually(lambda: sorted(second.values) == [b"1", b"2", b"3", b"4"], SLOW)


async def test_a_consumer_survives_a_connection_that_closes_under_its_hands(
    kafka: KafkaServer, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    getmany, failures = AIOKafkaConsumer.getmany, [RuntimeError("the handler is closed")]

    async def failing_once(self: AIOKafkaConsumer, *only: object, **options: object) -> object:
        if failures:
            raise failures.pop()
        return await getmany(self, *only, **options)

    handler = Handler()
    monkeypatch.setattr(AIOKafkaConsumer, "getmany", failing_once)
    async with running(consumer(kafka, topic, handler).run):
        await publish(kafka, topic, a=[b"1"])
        await eventually(lambda: handler.values == [b"1"], SLOW)
    assert not failures


async def test_a_consumer_waits_for_kafka_and_survives_its_restart(
    kafka: KafkaServer, topic: str
) -> None:
    handler = Handler()
    member = consumer(kafka, topic, handler)
    kafka.stop()
    async with running(member.run):
        assert not member.ready
        await asyncio.to_thread(kafka.start)
        await eventually(lambda: member.ready, SLOW)
        await publish(kafka, topic, a=[b"before"])
        await eventually(lambda: handler.values == [b"before"], SLOW)
        await asyncio.to_thread(kafka.stop)
        await asyncio.to_thread(kafka.start)
        await publish(kafka, topic, a=[b"after"])
        await eventually(lambda: handler.values[-1:] == [b"after"], SLOW)
