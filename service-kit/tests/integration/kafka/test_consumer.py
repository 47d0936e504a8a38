"""Consumers with a Kafka that rebalances, goes away and comes back."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack

import pytest
from aiokafka import AIOKafkaConsumer
from pinstack_local.kafka import KafkaServer
from service_kit import metrics
from service_kit.events import ReceivedEvent, ensure_topics
from service_kit.testing import eventually

from tests.integration.kafka.world import SLOW, Handler, consumer, publish
from tests.topics import running

pytestmark = pytest.mark.kafka


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


async def test_who_ends_while_one_partition_is_handled_has_committed_the_others(
    kafka: KafkaServer, topic: str
) -> None:
    handled, first_done, second = list[bytes](), asyncio.Event(), Handler()

    async def handle(events: Sequence[ReceivedEvent]) -> None:
        values = [event.value for event in events]
        if values == [b"endless"]:
            await asyncio.Event().wait()
        handled.extend(values)
        first_done.set()

    await ensure_topics(kafka.bootstrap_servers, [topic])
    await publish(kafka, topic, a=[b"quick"], b=[b"endless"])
    async with running(consumer(kafka, topic, handle).run):
        await asyncio.wait_for(first_done.wait(), SLOW)
    async with running(consumer(kafka, topic, second).run):
        await eventually(lambda: b"endless" in second.values, SLOW)
    assert (handled, second.values) == ([b"quick"], [b"endless"])


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
