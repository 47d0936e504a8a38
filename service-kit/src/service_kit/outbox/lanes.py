"""What the relay has in flight: one batch a partition, and the keys that wait behind one."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from opentelemetry.trace import SpanKind
from service_kit import logs, tracing
from service_kit.backoff import Backoff, Delays
from service_kit.events.message import Message, cloud_event_headers
from service_kit.events.publisher import BrokerAway, MessagesRefused
from service_kit.outbox.table import Held, Key, OutboxRow

Place = tuple[str, int | None]
"""Topic and partition; no partition while the topic's metadata is being fetched."""


@dataclass(slots=True)
class Delivery:
    """What became of a batch: rows acknowledged, rows refused and why, why the rest must wait."""

    sent: list[OutboxRow] = field(default_factory=list)
    refused: list[tuple[OutboxRow, str]] = field(default_factory=list)
    away: str | None = None


class Batches(Protocol):
    """What sends a batch of messages to a partition; see `Publisher`."""

    def partitions(self, topic: str) -> Collection[int]: ...
    def partition_of(self, topic: str, key: bytes) -> int | None: ...
    async def learn(self, topic: str) -> None: ...
    async def publish(self, topic: str, partition: int, messages: Sequence[Message]) -> int: ...


class Lanes:
    """Rows on their way to Kafka: strictly in order per key, at most one batch a partition.

    A row that is refused holds back its own key only; a broker that is away holds back its
    partitions. Both are tried again after an exponential pause, for ever. Where no partition of a
    topic is free, the topic is held back as one: its keys may be very many.
    """

    def __init__(
        self,
        publisher: Batches,
        source: str,
        delays: Delays,
        over: Callable[[], None] | None = None,
    ) -> None:
        """`source` is the service whose events these are; `over` is called whenever a batch is."""
        self._publisher = publisher
        self._source = source
        self._over = over
        self._busy: dict[Place, asyncio.Task[Delivery]] = {}
        self._behind: defaultdict[Place, set[Key]] = defaultdict(set)
        self._faults: Backoff[Place] = Backoff(delays)
        self._refused: Backoff[Key] = Backoff(delays)
        self._log = logs.get(__name__)

    def held_back(self) -> Held:
        """The topics, and the keys of other ones, whose rows can't be sent now."""
        closed = self._closed()
        for place in self._behind.keys() - closed:
            del self._behind[place]
        topics = {topic for topic, _ in closed if closed.issuperset(self._places(topic))}
        keys = self._refused.paused().union(*self._behind.values())
        return Held(topics, {key for key in keys if key[0] not in topics} if topics else keys)

    def _closed(self) -> set[Place]:
        return self._busy.keys() | self._faults.paused()

    def _places(self, topic: str) -> list[Place]:
        return [(topic, partition) for partition in self._publisher.partitions(topic) or (None,)]

    def admit(self, rows: Iterable[OutboxRow]) -> bool:
        """Start a batch on every free partition that `rows` (in id order) has work for."""
        grouped: defaultdict[Place, list[OutboxRow]] = defaultdict(list)
        for row in rows:
            topic, key = row.key
            grouped[topic, self._publisher.partition_of(topic, key.encode())].append(row)
        closed = self._closed()
        for place, batch in grouped.items():
            if place[1] is not None:  # a look at the metadata sends nothing that others must follow
                self._behind[place].update(row.key for row in batch)
            if place not in closed:
                self._busy[place] = self._start(place, batch)
        return bool(grouped.keys() - closed)

    def _start(self, place: Place, batch: Sequence[OutboxRow]) -> asyncio.Task[Delivery]:
        task = asyncio.create_task(self._run(place, batch), name="outbox lane")
        if over := self._over:
            task.add_done_callback(lambda _: over())
        return task

    def running(self) -> set[asyncio.Task[Delivery]]:
        """The batches in flight."""
        return set(self._busy.values())

    def sending(self) -> bool:
        """Whether rows are in flight, and not only questions about topics."""
        return any(partition is not None for _, partition in self._busy)

    def soonest(self) -> float | None:
        """Seconds until something held back may be tried again."""
        waits = [wait for wait in (self._faults.soonest(), self._refused.soonest()) if wait]
        return min(waits, default=None)

    def finished(self) -> dict[Place, Delivery]:
        """What has become of the batches that are over; they stay busy until `release`."""
        return {place: task.result() for place, task in self._busy.items() if task.done()}

    def release(self, deliveries: dict[Place, Delivery]) -> None:
        """Open the partitions again; what is admitted next was read after these were noted."""
        for place, delivery in deliveries.items():
            del self._busy[place]
            for row in delivery.sent:
                self._refused.succeeded(row.key)
            for row, reason in delivery.refused:
                wait = self._refused.failed(row.key)
                self._log.error("event refused", row=row.id, reason=reason, retry_in=wait)
            if delivery.away is None:
                self._faults.succeeded(place)
            else:
                wait = self._faults.failed(place)
                self._log.warning(
                    "cannot publish", place=place, reason=delivery.away, retry_in=wait
                )

    async def cancel(self) -> None:
        """Stop waiting for acknowledgements."""
        tasks = self.running()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._busy.clear()

    async def _run(self, place: Place, rows: Sequence[OutboxRow]) -> Delivery:
        topic, partition = place
        delivery = Delivery()
        try:
            if partition is None:
                await self._publisher.learn(topic)
            else:
                await self._send(topic, partition, rows, delivery)
        except BrokerAway as error:
            delivery.away = str(error)
        return delivery

    async def _send(
        self, topic: str, partition: int, rows: Sequence[OutboxRow], delivery: Delivery
    ) -> None:
        messages = [self._message(row) for row in rows]
        try:
            with tracing.continuing(
                f"publish {topic}",
                [row.trace for row in rows],
                kind=SpanKind.PRODUCER,
                attributes={
                    "messaging.system": "kafka",
                    "messaging.batch.message_count": len(rows),
                },
            ):
                count = await self._publisher.publish(topic, partition, messages)
        except MessagesRefused as error:
            if len(rows) == 1:
                delivery.refused.append((rows[0], str(error)))
            else:
                await self._send_alone(topic, partition, rows, delivery)
        else:
            delivery.sent += rows[:count]

    async def _send_alone(
        self, topic: str, partition: int, rows: Sequence[OutboxRow], delivery: Delivery
    ) -> None:
        """A batch is taken or refused as a whole: one by one, all but the culprits get through."""
        for row in rows:
            if row.key not in {refused.key for refused, _ in delivery.refused}:
                await self._send(topic, partition, [row], delivery)

    def _message(self, row: OutboxRow) -> Message:
        headers = cloud_event_headers(
            row.event_id, row.type, self._source, row.created_at, row.trace
        )
        return Message(row.aggregate.encode(), row.payload, headers)
