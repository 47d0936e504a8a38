"""Topics are made by whoever needs them first."""

from datetime import timedelta

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from pinstack_local.kafka import KafkaServer
from service_kit.events import Consumer, ensure_topics
from service_kit.outbox import Relay
from service_kit.testing import eventually

from tests.integration.kafka.world import SLOW, Handler, consumer, publish
from tests.records import a_record, append, is_drained, read_topic
from tests.topics import QUICK, running

pytestmark = pytest.mark.kafka


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
    impossible = (a_record(f"{topic}-impossible", f"{number}") for number in range(2000))
    await append(pool, *impossible, a_record(topic))
    relay = Relay(database_url, kafka.bootstrap_servers, "test", replication=9, delays=QUICK)
    async with running(relay.run):
        await read_topic(kafka.bootstrap_servers, topic, 1)
        await append(pool, a_record(topic))
        relay.wake()
        await read_topic(kafka.bootstrap_servers, topic, 2)
    assert await pool.fetchval("SELECT count(*) FROM outbox WHERE sent_at IS NULL") == 2000


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


async def partition_counts(kafka: KafkaServer, *topics: str) -> list[int]:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap_servers)
    await admin.start()
    try:
        found = {d["topic"]: d for d in await admin.describe_topics(list(topics))}
    finally:
        await admin.close()
    return [len(found[topic]["partitions"]) for topic in topics]


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
