"""The Kafka producer: batches that all replicas acknowledge as a whole, or an exception."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka import errors as kafka
from aiokafka.partitioner import DefaultPartitioner
from service_kit import logs
from service_kit.events.failures import AWAY
from service_kit.events.message import Message
from service_kit.events.topics import TOPIC_KEPT, ensure_topics

_REQUEST_SECONDS: Final = 10.0
_START_SECONDS: Final = 15.0
_FLUSH_SECONDS: Final = 5.0
_CLOSE_SECONDS: Final = 3.0
_BATCH_BYTES: Final = 512 * 1024  # half of what a broker takes by default

# Errors that are about the topic or the producer, whatever is in the batch.
_NOT_THE_MESSAGES: Final = (
    kafka.ClusterAuthorizationFailedError,
    kafka.InvalidTopicError,
    kafka.KafkaTimeoutError,
    kafka.OutOfOrderSequenceNumber,
    kafka.InvalidProducerEpoch,
    kafka.InvalidProducerIdMapping,
    kafka.ProducerClosed,
    kafka.ProducerFenced,
    kafka.TopicAuthorizationFailedError,
    kafka.UnknownProducerId,
    kafka.UnsupportedVersionError,
)


class BrokerAway(Exception):
    """No acknowledgement, for a reason that may pass; what was sent may arrive all the same."""


class MessagesRefused(Exception):
    """The broker has looked at the batch and takes none of it."""


class Publisher:
    """An idempotent producer (acks=all) that is made anew after every failure.

    aiokafka 0.14 counts a sequence number up for a batch that then fails for good, and the broker
    refuses whatever that producer sends to the partition later (OutOfOrderSequenceNumber).
    """

    def __init__(
        self,
        bootstrap: str,
        client_id: str,
        *,
        partitions: int = 6,
        replication: int = 1,
        kept: timedelta = TOPIC_KEPT,
        ack_seconds: float = 30.0,
    ) -> None:
        self._bootstrap = bootstrap
        self._client_id = client_id
        self._partitions = partitions
        self._replication = replication
        self._kept = kept
        self._ack_seconds = ack_seconds
        self._producer: Any = None
        self._starting = asyncio.Lock()
        self._retiring: set[asyncio.Task[None]] = set()

    def partitions(self, topic: str) -> Collection[int]:
        """The partitions of a topic; none before `learn`, and after a failure of the producer."""
        cluster = self._producer.client.cluster if self._producer else None
        return (cluster.partitions_for_topic(topic) if cluster else None) or ()

    def partition_of(self, topic: str, key: bytes) -> int | None:
        """The partition of a key, the same for every Kafka client; None before `learn`."""
        known = self.partitions(topic)
        if not known:
            return None
        return _partition_of(key, tuple(sorted(known)))

    async def learn(self, topic: str) -> None:
        """Ask for the partitions of a topic, which is made if missing. Raises `BrokerAway`."""
        producer = await self._current()
        if not producer.client.cluster.partitions_for_topic(topic):
            await self._make(topic)
        try:
            async with self._guarded(producer):
                await producer.partitions_for(topic)
        except MessagesRefused as error:
            raise BrokerAway(f"{topic}: {error}") from error

    async def _make(self, topic: str) -> None:
        """A topic that can't be made says nothing against the producer, which other topics use."""
        try:
            await ensure_topics(
                self._bootstrap, [topic], self._partitions, self._replication, self._kept
            )
        except AWAY as error:
            raise BrokerAway(f"{topic}: {type(error).__name__}: {error}") from error

    async def publish(self, topic: str, partition: int, messages: Sequence[Message]) -> int:
        """Send the first messages, as many as fit (one at least), as one batch; returns how many.

        Returns once all replicas have them. Raises `MessagesRefused` or `BrokerAway`.
        """
        producer = await self._current()
        async with self._guarded(producer):
            batch = producer.create_batch()
            fitting = 0
            for message in messages:
                appended = batch.append(
                    timestamp=None, key=message.key, value=message.value, headers=message.headers
                )
                if appended is None:
                    break
                fitting += 1
            batch.close()
            # aiokafka never gives up a batch of an idempotent producer, so the deadline is ours.
            async with asyncio.timeout(self._ack_seconds):
                await (await producer.send_batch(batch, topic, partition=partition))
        return fitting

    async def close(self) -> None:
        """Let go of the connections; what is in flight gets a moment to be acknowledged."""
        self._retire(self._producer)
        if self._retiring:
            await asyncio.wait(set(self._retiring), timeout=_CLOSE_SECONDS)

    @asynccontextmanager
    async def _guarded(self, producer: Any) -> AsyncIterator[None]:
        try:
            yield
        except AWAY as error:
            self._retire(producer)
            reason = f"{type(error).__name__}: {error}"
            if _blames_messages(error):
                raise MessagesRefused(reason) from error
            raise BrokerAway(reason) from error

    async def _current(self) -> Any:
        async with self._starting:
            if self._producer is None:
                self._producer = await self._start()
            return self._producer

    async def _start(self) -> Any:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            client_id=self._client_id,
            enable_idempotence=True,
            acks="all",
            max_batch_size=_BATCH_BYTES,
            request_timeout_ms=int(_REQUEST_SECONDS * 1000),
            metadata_max_age_ms=60_000,
        )
        try:
            async with asyncio.timeout(_START_SECONDS):
                await producer.start()
        except BaseException as error:
            await producer.stop()
            if isinstance(error, AWAY):
                raise BrokerAway(f"{type(error).__name__}: {error}") from error
            raise
        return producer

    def _retire(self, producer: Any) -> None:
        """Take no more batches with this producer, and close it beside the work of the next one."""
        if producer is None or producer is not self._producer:
            return
        self._producer = None
        task = asyncio.create_task(_stop(producer), name="kafka producer closing")
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)


@lru_cache(maxsize=10_000)
def _partition_of(key: bytes, partitions: tuple[int, ...]) -> int:
    """Kept, as aiokafka's hash is written in Python and the relay asks for each row it reads."""
    partition: int = DefaultPartitioner()(key, list(partitions), [])
    return partition


def _blames_messages(error: BaseException) -> bool:
    return (
        isinstance(error, kafka.KafkaError)
        and not error.retriable
        and not isinstance(error, _NOT_THE_MESSAGES)
    )


async def _stop(producer: Any) -> None:
    """Close a producer; one that can't deliver what it holds is not waited for.

    `stop` waits for every batch, and an idempotent producer keeps a batch for ever: so its sender
    is ended and its batches are failed from outside, for which aiokafka 0.14 has no public way.
    """
    stopping = asyncio.create_task(producer.stop(), name="kafka producer flush")
    done, _ = await asyncio.wait({stopping}, timeout=_FLUSH_SECONDS)
    if not done:
        await producer._sender.close()
        _give_up(producer._message_accumulator)
    with contextlib.suppress(*AWAY):
        await stopping
    logs.get(__name__).debug("kafka producer closed", flushed=bool(done))


def _give_up(accumulator: Any) -> None:
    """Fail the batches of a producer whose sender has ended."""
    for queue in accumulator._batches.values():
        accumulator._pending_batches.update(queue)  # its callbacks look for them there
    for batch in list(accumulator._pending_batches):
        if not batch.future.done():
            batch.future.set_exception(kafka.ProducerClosed())
