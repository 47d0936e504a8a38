"""The consumer loop: handle, then commit; the rest of the partitions go on when one is stuck."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from service_kit import logs, metrics
from service_kit.backoff import Backoff, Delays
from service_kit.contention import Contention
from service_kit.errors import Unavailable
from service_kit.events.dead_letters import KafkaDeadLetters, dead_letter_topic
from service_kit.events.delivery import (
    MAX_INVALID,
    UNKNOWN,
    Delivery,
    Handle,
    Progress,
    TooManyInvalidEvents,
)
from service_kit.events.failures import AWAY
from service_kit.events.fetching import Fetched, fetch
from service_kit.events.membership import embedded_membership, joined, real_membership
from service_kit.events.message import Record
from service_kit.events.offsets import Offsets
from service_kit.events.publisher import Publisher
from service_kit.events.topics import TOPIC_KEPT, ensure_topics, letters_kept

_POLL_SECONDS: Final = 0.5
_FAREWELL_SECONDS: Final = 3.0
_GATHER_SECONDS: Final = (0.005, 0.04)
"""Who is behind gathers, and longer where processors are scarce: larger batches cost less."""

AT_ONCE: Final = 4
"""Partitions handled at the same time: requests need connections of the pool, too."""


class Consumer:
    """A member of a consumer group; `handle` gets batches, each of one partition and in order.

    The offset is committed a moment after `handle` has returned: an event may come twice, so
    `handle` claims ids in the inbox. What it raises decides: `InvalidEvent` or `InvalidArgument`
    sends the event to `<group>.dlq`; after anything else the partition waits, and then begins there
    again. Batches of up to `at_once` partitions are handled at the same time. Where nobody waits
    for what is made of events, it need not be `prompt`: cheaper with the embedded broker.
    """

    def __init__(
        self,
        bootstrap: str,
        group: str,
        topics: Sequence[str],
        handle: Handle,
        *,
        types: Collection[str] = (),
        batch_size: int = 500,
        max_invalid: int = MAX_INVALID,
        partitions: int = 6,
        replication: int = 1,
        kept: timedelta = TOPIC_KEPT,
        session_seconds: float = 10.0,
        at_once: int = AT_ONCE,
        prompt: bool = True,
        delays: Delays | None = None,
    ) -> None:
        self._bootstrap = bootstrap
        self._group = group
        self._topics = list(topics)
        self._batch_size = batch_size
        self._partitions = partitions
        self._replication = replication
        self._kept = kept
        self._session_seconds = session_seconds
        self._at_once = at_once
        self._prompt = prompt
        self._publisher = Publisher(
            bootstrap,
            f"{group}-dlq",
            partitions=partitions,
            replication=replication,
            kept=letters_kept(kept),
        )
        dead_letters = KafkaDeadLetters(self._publisher, group)
        metrics.from_zero(metrics.DEAD_LETTERS, topics, [group], [*types, UNKNOWN])
        metrics.from_zero(metrics.CONSUMER_EVENTS, topics, [group], [UNKNOWN], ["retried"])
        self._delivery = Delivery(group, handle, dead_letters, types, max_invalid)
        self._backoff: Backoff[TopicPartition] = Backoff(delays or Delays(0.1, 10.0))
        self._turn = asyncio.Lock()
        self._offsets: Offsets | None = None
        self._assignments = 0
        self._contention = Contention()
        self._log = logs.get(__name__)
        self.ready = False
        """Whether this is a member of its group, with or without partitions of its own."""

    async def check(self) -> None:
        """For readiness. Raises `Unavailable` while this is no member of its group."""
        if not self.ready:
            raise Unavailable(f"consumer group {self._group} is not joined")

    async def run(self) -> None:
        """Consume until cancelled; a broker that is away is waited for.

        Raises `TooManyInvalidEvents`.
        """
        rejoin: Backoff[str] = Backoff(Delays(0.1, 5.0))
        try:
            while True:
                try:
                    async with self._joined() as consumer:
                        rejoin.succeeded(self._group)
                        await self._consume(consumer)
                except AWAY as error:
                    delay = rejoin.failed(self._group)
                    self._log.warning(
                        "kafka is away", group=self._group, reason=repr(error), retry_in=delay
                    )
                    await asyncio.sleep(delay)
        finally:
            await self._publisher.close()

    @asynccontextmanager
    async def _joined(self) -> AsyncIterator[AIOKafkaConsumer]:
        shape = (self._partitions, self._replication)
        real = await ensure_topics(self._bootstrap, self._topics, *shape, self._kept)
        letters = [dead_letter_topic(self._group)]
        await ensure_topics(self._bootstrap, letters, *shape, letters_kept(self._kept))
        membership = (
            real_membership(self._session_seconds)
            if real
            else embedded_membership(prompt=self._prompt)
        )
        try:
            async with joined(
                self._bootstrap,
                self._group,
                self._topics,
                membership,
                revoked=self._revoked,
                assigned=self._assigned,
            ) as consumer:
                yield consumer
        finally:
            self.ready = False

    async def _consume(self, consumer: AIOKafkaConsumer) -> None:
        self._offsets = offsets = Offsets(consumer, self._group)
        try:
            while True:
                self._resume(consumer)
                wait, gather = self._patience(offsets), self._contention.between(*_GATHER_SECONDS)
                fetched = await fetch(
                    *(consumer, wait, self._batch_size, lambda: self._assignments, gather)
                )
                # What is fetched here belongs to this assignment: no await lies between.
                assignment = self._assignments
                async with self._turn:
                    # Otherwise whoever has the partitions now begins at the committed offsets.
                    if fetched and assignment == self._assignments:
                        await self._take(consumer, offsets, fetched)
                    if offsets.due_in() == 0:
                        await offsets.commit()
                await self._measure_lag(consumer)
        except (asyncio.CancelledError, TooManyInvalidEvents):
            await self._take_leave(offsets)
            raise
        finally:
            self._offsets = None

    async def _take_leave(self, offsets: Offsets) -> None:
        """Commit what is handled: less for the next member to look at again."""
        try:
            async with asyncio.timeout(_FAREWELL_SECONDS):
                await offsets.commit()
        except AWAY as error:
            self._log.warning("offset not committed", group=self._group, reason=repr(error))

    def _patience(self, offsets: Offsets) -> float:
        """Seconds until something else than an event wants to be looked after."""
        waits = (self._backoff.soonest() or None, offsets.due_in(), _POLL_SECONDS)
        return min(each for each in waits if each is not None)

    async def _take(
        self,
        consumer: AIOKafkaConsumer,
        offsets: Offsets,
        fetched: Fetched,
    ) -> None:
        """Handle what is fetched, a few partitions at once."""
        few = asyncio.Semaphore(self._at_once)

        async def deliver(partition: TopicPartition, records: Sequence[Record]) -> Progress:
            async with few:
                one = await self._delivery.deliver(records, self._backoff.failures(partition))
            # At once: whoever ends while others are handled still takes leave with this.
            if one.done:
                offsets.handled({partition: records[one.done - 1].offset + 1})
            return one

        progress = dict(
            zip(
                fetched,
                await asyncio.gather(*(deliver(*one) for one in fetched.items())),
                strict=True,
            )
        )
        for partition, one in progress.items():
            if isinstance(one.error, TooManyInvalidEvents):
                raise one.error
            if one.done or one.error is None:
                self._backoff.succeeded(partition)
            if one.error is not None:
                self._retry_later(consumer, partition, fetched[partition][one.done], one.error)

    def _retry_later(
        self,
        consumer: AIOKafkaConsumer,
        partition: TopicPartition,
        record: Record,
        error: Exception,
    ) -> None:
        delay = self._backoff.failed(partition)
        consumer.seek(partition, record.offset)
        consumer.pause(partition)
        self._log.error(
            "event not handled",
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            group=self._group,
            retry_in=delay,
            exc_info=error,
        )

    def _resume(self, consumer: AIOKafkaConsumer) -> None:
        if due := consumer.paused() - self._backoff.paused():
            consumer.resume(*due)

    async def _measure_lag(self, consumer: AIOKafkaConsumer) -> None:
        """What is in the assigned partitions behind the events that are handled."""
        lags = dict.fromkeys(self._topics, 0)
        for partition in consumer.assignment():
            end = consumer.highwater(partition)
            if end is not None:  # fetched from before, so its position is known without waiting
                lags[partition.topic] += max(0, end - await consumer.position(partition))
        for topic, lag in lags.items():
            metrics.CONSUMER_LAG.labels(topic, self._group).set(lag)

    async def _revoked(self) -> None:
        """Let the batch in hand be handled and committed before the partitions go."""
        self._assignments += 1
        async with self._turn:
            if self._offsets is not None:
                await self._offsets.commit()
            self._backoff.clear()

    async def _assigned(self) -> None:
        self.ready = True
