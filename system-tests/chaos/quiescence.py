"""Waiting until nothing is on its way any more."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka import errors as kafka
from aiokafka.admin import AIOKafkaAdminClient
from pinstack_local.stack import Stack
from pinstack_proto import topics

from chaos.databases import SERVICES, WITH_OUTBOX, Connections, connect

_POLL_SECONDS: Final = 0.5
_LISTENERS: Final = {
    "auth-service": [topics.USER_EVENTS],
    "post-service": [topics.USER_EVENTS],
    "relation-service": [topics.USER_EVENTS],
    "notification-service": [topics.USER_EVENTS, topics.RELATION_EVENTS, topics.POST_EVENTS],
}
_PENDING: Final = {
    "auth-service": "SELECT count(*) FROM registrations WHERE state <> 'finished'",
    "notification-service": "SELECT count(*) FROM fanout_jobs WHERE stage <> 'done'",
}


async def rest(stack: Stack, clock: Callable[[], float], patience: float) -> list[str]:
    """Wait until outboxes, topics, jobs and registrations are empty; returns what is left."""
    deadline = clock() + patience
    async with AsyncExitStack() as exits:
        connections = await connect(stack, exits)
        while True:
            left = await _left(stack, connections)
            if not left or clock() > deadline:
                return left
            await asyncio.sleep(_POLL_SECONDS)


async def _left(stack: Stack, connections: Connections) -> list[str]:
    found: list[str] = []
    for service in WITH_OUTBOX:
        sql = "SELECT count(*) FROM outbox WHERE sent_at IS NULL"
        if count := await connections[service].fetchval(sql):
            found.append(f"{service}: {count} events are unsent")
    for service, sql in _PENDING.items():
        if count := await connections[service].fetchval(sql):
            found.append(f"{service}: {count} jobs or registrations are not finished")
    if found:
        return found  # whatever is on its way to Kafka would be behind it soon
    try:
        return await _unhandled(stack.infrastructure.broker.bootstrap_servers)
    except (kafka.KafkaError, OSError, TimeoutError) as error:
        return [f"kafka: {error!r}"]


async def _unhandled(bootstrap: str) -> list[str]:
    """Events that a group has not committed yet, and dead letters."""
    found = []
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap) as consumer:
        admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
        await admin.start()
        try:
            known = await admin.list_topics()
            for group, names in _LISTENERS.items():
                committed = await admin.list_consumer_group_offsets(group)
                done = {place: entry.offset for place, entry in committed.items()}
                for name in set(names) & set(known):
                    ends = await consumer.end_offsets(await _places(admin, name))
                    lag = sum(end - max(done.get(place, 0), 0) for place, end in ends.items())
                    found += [f"{group}: {lag} events of {name} are not handled"] if lag else []
            for letters in {f"{service}.dlq" for service in SERVICES} & set(known):
                ends = await consumer.end_offsets(await _places(admin, letters))
                if count := sum(ends.values()):
                    found.append(f"{letters}: {count} dead letters")
        finally:
            await admin.close()
    return found


async def _places(admin: AIOKafkaAdminClient, topic: str) -> list[TopicPartition]:
    described = await admin.describe_topics([topic])
    return [TopicPartition(topic, each["partition"]) for each in described[0]["partitions"]]
