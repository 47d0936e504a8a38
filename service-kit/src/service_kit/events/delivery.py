"""Handing events to their handler: in order, the invalid ones aside, whatever brought them."""

import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from opentelemetry.trace import SpanKind
from service_kit import logs, metrics, tracing
from service_kit.errors import InvalidArgument
from service_kit.events.message import InvalidEvent, ReceivedEvent, Record, received, type_of

Handle = Callable[[Sequence[ReceivedEvent]], Awaitable[None]]
"""Gives events of one partition, in order, their effect: all of them or, by raising, none."""

MAX_INVALID: Final = 50
UNKNOWN: Final = "unknown"
"""The type, in metrics, of an event whose type this consumer does not know."""

_INVALID: Final = (InvalidEvent, InvalidArgument)


class DeadLetters(Protocol):
    """Where events go that can't be handled."""

    async def put(self, record: Record, reason: str, attempts: int) -> None:
        """Keep the record with the reason; returns once it is safe."""


class TooManyInvalidEvents(Exception):
    """So many invalid events in a row that the fault must be the consumer's or the topic's."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How many records are done with, from the first on, and what went wrong with the next one.

    `TooManyInvalidEvents` ends the consumer; any other error is worth another try.
    """

    done: int
    error: Exception | None = None


class Delivery:
    """Delivers the batches of one consumer group.

    An invalid event (the handler raises `InvalidEvent`, or the domain's `InvalidArgument`) is tried
    again alone, and then becomes a dead letter. Whatever else a handler raises is taken to be
    transient. `types` are the ones that metrics tell apart.
    """

    def __init__(
        self,
        group: str,
        handle: Handle,
        dead_letters: DeadLetters,
        types: Collection[str] = (),
        max_invalid: int = MAX_INVALID,
    ) -> None:
        self._group = group
        self._handle = handle
        self._dead_letters = dead_letters
        self._types = frozenset(types)
        self._max_invalid = max_invalid
        self._invalid_in_row = 0

    async def deliver(self, records: Sequence[Record], failures: int = 0) -> Progress:
        """Hand over records of one partition; the first one has failed `failures` times before."""
        done = 0
        try:
            for batch in _batches(records):
                if await self._takes_whole(batch):
                    done += len(batch)
                    continue
                for item in batch:
                    await self._deliver_one(item, failures + min(len(batch), 2))
                    done += 1
        except Exception as error:
            self._count(records[done], "retried")
            return Progress(done, error)
        return Progress(done)

    async def _takes_whole(self, batch: "_Batch") -> bool:
        if len(batch) == 1:
            return False
        try:
            await self._call([event for _, event in batch if isinstance(event, ReceivedEvent)])
        except _INVALID:
            return False
        for label, count in Counter(self._label(record) for record, _ in batch).items():
            labels = batch[0][0].topic, self._group, label, "handled"
            metrics.CONSUMER_EVENTS.labels(*labels).inc(count)
        return True

    async def _deliver_one(self, item: "_Item", attempts: int) -> None:
        record, event = item
        try:
            if isinstance(event, InvalidEvent):
                raise event
            await self._call([event])
        except _INVALID as error:
            await self._bury(record, error, attempts)
        else:
            self._count(record, "handled")

    async def _call(self, events: Sequence[ReceivedEvent]) -> None:
        topic = events[0].topic
        started = time.perf_counter()
        try:
            with tracing.continuing(
                f"process {topic}",
                [event.headers for event in events],
                kind=SpanKind.CONSUMER,
                attributes={
                    "messaging.system": "kafka",
                    "messaging.batch.message_count": len(events),
                },
            ):
                await self._handle(events)
        finally:
            elapsed = time.perf_counter() - started
            metrics.CONSUMER_EVENT_DURATION.labels(topic, self._group).observe(
                elapsed, tracing.exemplar(events[0].headers.get("traceparent", ""))
            )
        self._invalid_in_row = 0

    async def _bury(self, record: Record, error: Exception, attempts: int) -> None:
        self._invalid_in_row += 1
        if self._invalid_in_row > self._max_invalid:
            raise TooManyInvalidEvents(
                f"{self._invalid_in_row} invalid events in a row, the last one at"
                f" {record.topic}/{record.partition}/{record.offset}: {error}"
            ) from error
        await self._dead_letters.put(record, str(error) or type(error).__name__, attempts)
        self._count(record, "dead_lettered")
        metrics.DEAD_LETTERS.labels(record.topic, self._group, self._label(record)).inc()
        logs.get(__name__).error(
            "event is invalid",
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            group=self._group,
            reason=str(error),
        )

    def _count(self, record: Record, outcome: str) -> None:
        labels = record.topic, self._group, self._label(record), outcome
        metrics.CONSUMER_EVENTS.labels(*labels).inc()

    def _label(self, record: Record) -> str:
        claimed = type_of(record)
        return claimed if claimed in self._types else UNKNOWN


_Item = tuple[Record, ReceivedEvent | InvalidEvent]
_Batch = list[_Item]


def _batches(records: Sequence[Record]) -> Iterator[_Batch]:
    """Runs of valid events, and each invalid one alone, in order."""
    batch: _Batch = []
    for record in records:
        try:
            batch.append((record, received(record)))
        except InvalidEvent as error:
            if batch:
                yield batch
            yield [(record, error)]
            batch = []
    if batch:
        yield batch
