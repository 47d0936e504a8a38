"""One face for a topic in memory and a topic of a broker, for tests that must hold on both."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from typing import Protocol

from service_kit.backoff import Delays
from service_kit.events import (
    Consumer,
    Handle,
    Message,
    Publisher,
    cloud_event_headers,
    dead_letter_topic,
)
from service_kit.outbox import OutboxRecord
from service_kit.testing import InMemoryTopic

from tests.records import read_topic

QUICK = Delays(0.01, 0.05)


class Topic(Protocol):
    """A topic that is published to and consumed from."""

    name: str

    async def publish(self, record: OutboxRecord) -> None: ...
    async def put(self, message: Message) -> None: ...
    async def dead_letters(self, group: str, count: int) -> Sequence[Message]: ...
    def consuming(
        self, group: str, handle: Handle, max_invalid: int = 50
    ) -> AbstractAsyncContextManager[asyncio.Task[None]]: ...


class MemoryTopic:
    """`InMemoryTopic`, told to deliver again and again."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._topic = InMemoryTopic(name)

    async def publish(self, record: OutboxRecord) -> None:
        await self._topic.publish(record)

    async def put(self, message: Message) -> None:
        self._topic.put(message)

    async def dead_letters(self, group: str, count: int) -> Sequence[Message]:
        return self._topic.dead_letters[group]

    @asynccontextmanager
    async def consuming(
        self, group: str, handle: Handle, max_invalid: int = 50
    ) -> AsyncIterator[asyncio.Task[None]]:
        async def run() -> None:
            while True:
                await self._topic.deliver(group, handle, max_invalid)
                await asyncio.sleep(0.01)

        async with running(run) as task:
            yield task


class KafkaTopic:
    """A topic of a real broker, through `Publisher` and `Consumer`."""

    def __init__(self, name: str, bootstrap: str) -> None:
        self.name = name
        self._bootstrap = bootstrap
        self._publisher = Publisher(bootstrap, "test")

    async def publish(self, record: OutboxRecord) -> None:
        headers = cloud_event_headers(
            record.event_id, record.type, "test", datetime.now(UTC), record.headers
        )
        await self.put(Message(record.key.encode(), record.payload, headers))

    async def put(self, message: Message) -> None:
        await self._publisher.learn(self.name)
        partition = self._publisher.partition_of(self.name, message.key or b"")
        assert partition is not None
        await self._publisher.publish(self.name, partition, [message])

    async def dead_letters(self, group: str, count: int) -> Sequence[Message]:
        found = await read_topic(self._bootstrap, dead_letter_topic(group), count)
        return [Message(record.key, record.value, record.headers) for record in found]

    @asynccontextmanager
    async def consuming(
        self, group: str, handle: Handle, max_invalid: int = 50
    ) -> AsyncIterator[asyncio.Task[None]]:
        consumer = Consumer(
            self._bootstrap, group, [self.name], handle, max_invalid=max_invalid, delays=QUICK
        )
        async with running(consumer.run) as task:
            yield task

    async def close(self) -> None:
        await self._publisher.close()


@asynccontextmanager
async def running(work: Callable[[], object]) -> AsyncIterator[asyncio.Task[None]]:
    """A task that works while the block runs."""
    task: asyncio.Task[None] = asyncio.create_task(work())  # type: ignore[arg-type] # a coroutine function
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait({task})
