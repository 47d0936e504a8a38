"""A relay with a Kafka that refuses, goes away and comes back."""

import asyncio

import asyncpg
import pytest
from pinstack_local.kafka import KafkaServer
from service_kit.events import Message, MessagesRefused, Publisher
from service_kit.testing import eventually

from tests.integration.kafka.world import SLOW, RunRelay, create_topic
from tests.records import a_record, append, by_key, is_drained, read_topic, unsent_keys

pytestmark = pytest.mark.kafka


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


async def test_very_many_keys_that_waited_for_kafka_go_in_order(
    pool: asyncpg.Pool, run_relay: RunRelay, kafka: KafkaServer, topic: str
) -> None:
    keys = [str(number) for number in range(5000)]
    async with run_relay() as relay:
        await append(pool, a_record(topic, "first"))
        relay.wake()
        await eventually(lambda: is_drained(pool), SLOW)
        kafka.process.kill()
        for payload in (b"1", b"2"):
            await append(pool, *(a_record(topic, key, payload) for key in keys))
            relay.wake()
        await asyncio.to_thread(kafka.start)
        await eventually(lambda: is_drained(pool), SLOW)
    found = by_key(await read_topic(kafka.bootstrap_servers, topic, 10_001))
    assert {key: list(dict.fromkeys(values)) for key, values in found.items()} == {
        b"first": [b""],
        **{key.encode(): [b"1", b"2"] for key in keys},
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
