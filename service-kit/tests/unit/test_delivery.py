"""Handing events over: batches, the invalid among them, and what is reported of it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from prometheus_client import REGISTRY
from service_kit import tracing
from service_kit.errors import InvalidArgument, Unavailable
from service_kit.events import InvalidEvent, ReceivedEvent, TooManyInvalidEvents
from service_kit.events.delivery import Delivery, Progress
from service_kit.events.message import Record, cloud_event_headers
from service_kit.uuid7 import uuid7

from tests.records import ReadRecord

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def records(*values: str, trace: str = TRACE) -> list[ReadRecord]:
    """Events with these values; one called "no event" is none."""
    found = []
    for offset, value in enumerate(values):
        headers = cloud_event_headers(
            uuid7(), "user.created.v1", "test", datetime.now(UTC), {"traceparent": trace}
        )
        record = ReadRecord("user-events", 0, offset, b"7", value.encode(), headers)
        found.append(replace(record, headers=[]) if value == "no event" else record)
    return found


class Handler:
    """Remembers the batches that it took; raises what it is told to for a value."""

    def __init__(self, **failures: Exception) -> None:
        self.taken: list[list[str]] = []
        self.traces: list[str | None] = []
        self.failures = failures

    async def __call__(self, events: Sequence[ReceivedEvent]) -> None:
        self.traces.append(tracing.traceparent())
        values = [event.value.decode() for event in events]
        for value in values:
            if value in self.failures:
                raise self.failures[value]
        self.taken.append(values)


class Shelf:
    """Dead letters: value, reason and attempts of each."""

    def __init__(self) -> None:
        self.letters: list[tuple[bytes | None, str, int]] = []

    async def put(self, record: Record, reason: str, attempts: int) -> None:
        self.letters.append((record.value, reason, attempts))


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def counted(name: str, group: str, **labels: str) -> float:
    all_labels = {"topic": "user-events", "group": group, **labels}
    return REGISTRY.get_sample_value(f"pinstack_{name}", all_labels) or 0.0


async def test_a_batch_is_handed_over_whole(shelf: Shelf) -> None:
    handler = Handler()
    progress = await Delivery("g", handler, shelf).deliver(records("a", "b", "c"))
    assert progress == Progress(3)
    assert handler.taken == [["a", "b", "c"]]


async def test_a_batch_with_an_invalid_event_is_tried_one_by_one(shelf: Shelf) -> None:
    handler = Handler(b=InvalidArgument("no user"))
    progress = await Delivery("g", handler, shelf).deliver(records("a", "b", "c"))
    assert progress == Progress(3)
    assert handler.taken == [["a"], ["c"]]
    assert shelf.letters == [(b"b", "no user", 2)]


async def test_the_attempts_of_a_single_event_are_counted_with_its_failures(shelf: Shelf) -> None:
    delivery = Delivery("g", Handler(a=InvalidEvent("bad")), shelf)
    await delivery.deliver(records("a"), failures=3)
    assert shelf.letters == [(b"a", "bad", 4)]


async def test_what_is_no_event_does_not_break_the_order(shelf: Shelf) -> None:
    handler = Handler()
    progress = await Delivery("g", handler, shelf).deliver(records("a", "b", "no event", "c"))
    assert progress == Progress(4)
    assert handler.taken == [["a", "b"], ["c"]]
    assert shelf.letters == [(b"no event", "no ce_id header", 1)]


async def test_a_transient_failure_keeps_what_was_done_before_it(shelf: Shelf) -> None:
    away = Unavailable("database is away")
    handler = Handler(b=InvalidEvent("bad"), c=away)
    progress = await Delivery("g", handler, shelf).deliver(records("no event", "c", "d"))
    assert progress == Progress(1, away)
    progress = await Delivery("g", handler, shelf).deliver(records("a", "b", "c", "d"))
    assert progress == Progress(2, away)
    assert handler.taken == [["a"]]


async def test_dead_letters_that_cannot_be_kept_are_a_transient_failure() -> None:
    class Full:
        async def put(self, record: Record, reason: str, attempts: int) -> None:
            raise OSError("disk full")

    progress = await Delivery("g", Handler(), Full()).deliver(records("no event"))
    assert progress.done == 0
    assert isinstance(progress.error, OSError)


async def test_too_many_invalid_ones_in_a_row_end_it_after_those_that_are_kept(
    shelf: Shelf,
) -> None:
    delivery = Delivery("g", Handler(), shelf, max_invalid=2)
    progress = await delivery.deliver(records("no event", "no event", "no event"))
    assert progress.done == 2
    assert isinstance(progress.error, TooManyInvalidEvents)
    assert len(shelf.letters) == 2


async def test_one_event_is_handled_in_its_own_trace(shelf: Shelf) -> None:
    handler = Handler()
    await Delivery("g", handler, shelf).deliver(records("a"))
    assert handler.traces == [TRACE]


async def test_events_are_counted_by_the_types_that_are_known(shelf: Shelf) -> None:
    handler = Handler(b=InvalidEvent("bad"), c=Unavailable())
    known = Delivery("known", handler, shelf, types=["user.created.v1"])
    await known.deliver(records("a"))
    await known.deliver(records("b"))
    await known.deliver(records("c"))
    await Delivery("unknown", handler, shelf).deliver(records("a"))
    for outcome in ("handled", "dead_lettered", "retried"):
        labels = {"type": "user.created.v1", "outcome": outcome}
        assert counted("consumer_events_total", "known", **labels) == 1
    assert counted("dead_letters_total", "known", type="user.created.v1") == 1
    assert counted("consumer_event_duration_seconds_count", "known") == 3
    labels = {"type": "unknown", "outcome": "handled"}
    assert counted("consumer_events_total", "unknown", **labels) == 1
