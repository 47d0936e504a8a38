"""What tests of relays and consumers do with a broker."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from pinstack_local.kafka import KafkaServer
from service_kit.events import Consumer, Handle, Message, Publisher, ReceivedEvent
from service_kit.outbox import Relay

from tests.records import a_record
from tests.topics import QUICK

SLOW = 30.0
"""Seconds in which a broker starts, or a group rebalances, even on a busy machine."""

RunRelay = Callable[[], AbstractAsyncContextManager[Relay]]


async def create_topic(bootstrap: str, name: str, **configs: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, 1, 1, topic_configs=configs)])
    finally:
        await admin.close()


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
