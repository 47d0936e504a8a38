"""What a consumer of a topic may rely on, whether the topic is in Kafka or in memory."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from uuid import uuid4

import pytest
from service_kit.errors import InvalidArgument
from service_kit.events import InvalidEvent, Message, ReceivedEvent, TooManyInvalidEvents
from service_kit.testing import eventually

from tests.records import a_record
from tests.topics import KafkaTopic, MemoryTopic, Topic

JOIN_SECONDS = 20


@pytest.fixture(
    params=["memory", "embedded", pytest.param("kafka", marks=pytest.mark.kafka)], scope="module"
)
def bootstrap(request: pytest.FixtureRequest) -> str | None:
    """The address of a broker; none for the topic in memory."""
    fixtures = {"embedded": "kafka_bootstrap", "kafka": "real_kafka_bootstrap"}
    name = fixtures.get(request.param)
    return request.getfixturevalue(name) if name else None


@pytest.fixture
async def topic(bootstrap: str | None) -> AsyncIterator[Topic]:
    name = f"events-{uuid4().hex[:8]}"
    if bootstrap is None:
        yield MemoryTopic(name)
    else:
        topic = KafkaTopic(name, bootstrap)
        yield topic
        await topic.close()


@pytest.fixture
def group(topic: Topic) -> str:
    return f"group-{topic.name}"


class Handler:
    """Remembers what it was given; fails for some values as often as it is told to."""

    def __init__(self, **failures: tuple[Exception, int]) -> None:
        self.values: list[bytes] = []
        self.events: list[ReceivedEvent] = []
        self._failures = {name.encode(): failure for name, failure in failures.items()}

    async def __call__(self, events: Sequence[ReceivedEvent]) -> None:
        for event in events:
            error, times = self._failures.get(event.value, (None, 0))
            if error is not None and times > 0:
                self._failures[event.value] = (error, times - 1)
                raise error
        self.events += events
        self.values += [event.value for event in events]

    async def has(self, *values: bytes) -> None:
        await eventually(lambda: set(values) <= set(self.values), JOIN_SECONDS, f"{values}")


async def publish(topic: Topic, *values: bytes, key: str = "1") -> None:
    for value in values:
        await topic.publish(a_record(topic.name, key, value))


async def test_events_of_a_key_are_handled_in_order(topic: Topic, group: str) -> None:
    handler = Handler()
    values = [f"{number}".encode() for number in range(50)]
    await publish(topic, *values)
    async with topic.consuming(group, handler):
        await handler.has(*values)
    assert handler.values == values


async def test_an_event_is_what_was_published(topic: Topic, group: str) -> None:
    handler = Handler()
    record = a_record(topic.name, "7", b"\x08\x07", headers={"traceparent": "00-ab-cd-01"})
    await topic.publish(record)
    async with topic.consuming(group, handler):
        await handler.has(b"\x08\x07")
    (event,) = handler.events
    assert (event.id, event.type, event.key) == (record.event_id, record.type, "7")
    assert (event.topic, event.offset, event.source) == (topic.name, 0, "test")
    assert event.headers["traceparent"] == "00-ab-cd-01"


async def test_every_group_gets_every_event(topic: Topic, group: str) -> None:
    one, other = Handler(), Handler()
    await publish(topic, b"a")
    async with topic.consuming(group, one), topic.consuming(f"{group}-2", other):
        await one.has(b"a")
        await other.has(b"a")


async def test_what_was_handled_is_not_delivered_again(topic: Topic, group: str) -> None:
    first, second = Handler(), Handler()
    await publish(topic, b"a")
    async with topic.consuming(group, first):
        await first.has(b"a")
    await publish(topic, b"b")
    async with topic.consuming(group, second):
        await second.has(b"b")
    assert second.values == [b"b"]


async def test_what_was_not_handled_is_delivered_again_in_order(topic: Topic, group: str) -> None:
    handler = Handler(b=(RuntimeError("not now"), 3))
    await publish(topic, b"a", b"b", b"c")
    async with topic.consuming(group, handler):
        await handler.has(b"a", b"b", b"c")
    assert handler.values == [b"a", b"b", b"c"]


async def test_a_crash_in_the_handler_leads_to_redelivery(topic: Topic, group: str) -> None:
    started = asyncio.Event()

    async def crashing(events: Sequence[ReceivedEvent]) -> None:
        started.set()
        await asyncio.Event().wait()

    handler = Handler()
    await publish(topic, b"a")
    async with topic.consuming(group, crashing):
        async with asyncio.timeout(JOIN_SECONDS):
            await started.wait()
    async with topic.consuming(group, handler):
        await handler.has(b"a")


@pytest.mark.parametrize("error", [InvalidEvent("no user id"), InvalidArgument("no user id")])
async def test_an_invalid_event_becomes_a_dead_letter_and_the_rest_goes_on(
    topic: Topic, group: str, error: Exception
) -> None:
    handler = Handler(bad=(error, 99))
    await publish(topic, b"a", b"bad", b"c")
    async with topic.consuming(group, handler):
        await handler.has(b"a", b"c")
        (letter,) = await topic.dead_letters(group, 1)
    assert handler.values == [b"a", b"c"]
    assert (letter.key, letter.value) == (b"1", b"bad")
    headers = {name: value.decode() for name, value in letter.headers}
    assert headers["ce_type"] == "user.created.v1"
    assert headers["dlq_reason"] == "no user id"
    assert (headers["dlq_topic"], headers["dlq_offset"]) == (topic.name, "1")
    assert int(headers["dlq_partition"]) >= 0
    assert int(headers["dlq_attempts"]) >= 1


async def test_what_is_no_cloud_event_becomes_a_dead_letter(topic: Topic, group: str) -> None:
    handler = Handler()
    await topic.put(Message(b"1", b"what?", []))
    await publish(topic, b"a")
    async with topic.consuming(group, handler):
        await handler.has(b"a")
        (letter,) = await topic.dead_letters(group, 1)
    assert handler.values == [b"a"]
    assert letter.value == b"what?"
    assert dict(letter.headers)["dlq_reason"] == b"no ce_id header"


async def test_too_many_invalid_events_in_a_row_stop_the_consumer(topic: Topic, group: str) -> None:
    handler = Handler(bad=(InvalidEvent("all of them"), 99))
    await publish(topic, *([b"bad"] * 4), b"a")
    async with topic.consuming(group, handler, max_invalid=3) as task:
        await eventually(task.done, JOIN_SECONDS)
        with pytest.raises(TooManyInvalidEvents, match="4 invalid events in a row"):
            task.result()
        assert len(await topic.dead_letters(group, 3)) == 3
    assert handler.values == []


async def test_a_good_event_ends_a_row_of_invalid_ones(topic: Topic, group: str) -> None:
    handler = Handler(bad=(InvalidEvent("some of them"), 99))
    await publish(topic, b"bad", b"bad", b"a", b"bad", b"bad", b"b")
    async with topic.consuming(group, handler, max_invalid=2):
        await handler.has(b"a", b"b")
