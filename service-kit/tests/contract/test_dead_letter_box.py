"""What can be done with dead letters, on the embedded broker and on Apache Kafka."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from uuid import uuid4

import pytest
from service_kit.events import InvalidEvent, Message, Publisher, ReceivedEvent, dead_letter_topic
from service_kit.events.dead_letter_box import DROPPED, REQUEUED, DeadLetterBox
from service_kit.events.dead_letters import KafkaDeadLetters
from service_kit.events.reader import NoSuchTopic, TopicReader, open_reader
from service_kit.testing import eventually
from service_kit.testing.topic import StoredRecord

from tests.records import a_record, read_topic
from tests.topics import KafkaTopic

JOIN_SECONDS = 20


@pytest.fixture(
    params=["kafka_bootstrap", pytest.param("real_kafka_bootstrap", marks=pytest.mark.kafka)],
    ids=["embedded", "kafka"],
    scope="module",
)
def bootstrap(request: pytest.FixtureRequest) -> str:
    """The address of each broker."""
    address: str = request.getfixturevalue(request.param)
    return address


@pytest.fixture
async def publisher(bootstrap: str) -> AsyncIterator[Publisher]:
    publisher = Publisher(bootstrap, "test")
    yield publisher
    await publisher.close()


@pytest.fixture
async def reader(bootstrap: str) -> AsyncIterator[TopicReader]:
    async with open_reader(bootstrap) as reader:
        yield reader


@pytest.fixture
def name() -> str:
    """Of a topic of this test's own, and of a group."""
    return f"box-{uuid4().hex[:8]}"


@pytest.fixture
def box(name: str, reader: TopicReader, publisher: Publisher) -> DeadLetterBox:
    return DeadLetterBox(name, reader, publisher)


def a_dead_record(topic: str, key: bytes | None = b"7", value: bytes = b"v") -> StoredRecord:
    headers = [("ce_id", b"1"), ("ce_type", b"user.created.v1"), ("traceparent", b"00-a")]
    return StoredRecord(topic, 2, 17, key, value, headers)


async def bury(publisher: Publisher, group: str, *records: StoredRecord) -> None:
    dead_letters = KafkaDeadLetters(publisher, group)
    for record in records:
        await dead_letters.put(record, "no ce_time header", 2)


async def waiting(box: DeadLetterBox) -> list[bytes | None]:
    return [letter.record.value for letter in await box.letters() if not letter.done]


async def test_a_letter_says_where_it_was_and_why_it_is_dead(
    box: DeadLetterBox, publisher: Publisher, name: str
) -> None:
    await bury(publisher, name, a_dead_record(f"{name}-events"))
    (letter,) = await box.letters()
    assert (letter.origin, letter.topic) == (f"{name}-events/2/17", f"{name}-events")
    assert (letter.type, letter.reason) == ("user.created.v1", "no ce_time header")
    assert (letter.attempts, letter.requeues, letter.done) == ("2", 0, "")


async def test_letters_are_done_with_in_any_order_and_stay_so(
    box: DeadLetterBox, publisher: Publisher, name: str, bootstrap: str
) -> None:
    records = [a_dead_record(f"{name}-events", b"%d" % n, b"%d" % n) for n in range(6)]
    await bury(publisher, name, *records)
    letters = {letter.record.value: letter for letter in await box.letters()}
    await box.requeue(letters[b"4"])
    await box.drop(letters[b"1"])
    await box.requeue(letters[b"0"])

    async with open_reader(bootstrap) as another:
        later = DeadLetterBox(name, another, publisher)
        assert sorted(filter(None, await waiting(later))) == [b"2", b"3", b"5"]
        done = {one.record.value: one.done for one in await later.letters() if one.done}
    assert done == {b"0": REQUEUED, b"1": DROPPED, b"4": REQUEUED}


async def test_what_is_put_back_is_the_original_and_counted(
    box: DeadLetterBox, publisher: Publisher, name: str, bootstrap: str
) -> None:
    topic, record = f"{name}-events", a_dead_record(f"{name}-events")
    await bury(publisher, name, record)
    await box.requeue((await box.letters())[0])
    (first,) = await read_topic(bootstrap, topic, 1)
    assert (first.key, first.value) == (record.key, record.value)
    assert list(first.headers) == [*record.headers, ("dlq_requeues", b"1")]

    dead_again = StoredRecord(topic, 0, 1, first.key, first.value, first.headers)
    await bury(publisher, name, dead_again)
    (letter,) = [one for one in await box.letters() if not one.done]
    assert letter.requeues == 1
    await box.requeue(letter)
    (_, second) = await read_topic(bootstrap, topic, 2)
    assert second.header("dlq_requeues") == "2"
    assert len(second.headers) == len(first.headers)


class Outdated:
    """Refuses events of a type that it does not know, until it is deployed anew."""

    def __init__(self) -> None:
        self.is_deployed = False
        self.handled: list[bytes] = []

    async def __call__(self, events: Sequence[ReceivedEvent]) -> None:
        if any(event.value == b"new" for event in events) and not self.is_deployed:
            raise InvalidEvent("unknown type")
        self.handled += [event.value for event in events]


async def test_what_is_put_back_is_handled_once_the_consumer_can(
    name: str, bootstrap: str, publisher: Publisher, reader: TopicReader
) -> None:
    topic, group, handle = KafkaTopic(f"{name}-events", bootstrap), f"{name}-group", Outdated()
    async with topic.consuming(group, handle):
        for value in (b"new", b"old"):
            await topic.publish(a_record(topic.name, payload=value))
        await eventually(lambda: handle.handled == [b"old"], JOIN_SECONDS)
        handle.is_deployed = True
        box = DeadLetterBox(group, reader, publisher)
        await box.requeue((await box.letters())[0])
        await eventually(lambda: handle.handled == [b"old", b"new"], JOIN_SECONDS)
    await topic.close()
    assert await waiting(box) == []


async def test_a_letter_without_a_key_goes_back_without_one(
    box: DeadLetterBox, publisher: Publisher, name: str, bootstrap: str
) -> None:
    await bury(publisher, name, a_dead_record(f"{name}-events", key=None))
    await box.requeue((await box.letters())[0])
    (found,) = await read_topic(bootstrap, f"{name}-events", 1)
    assert found.key is None
    assert await waiting(box) == []


async def test_a_group_without_a_dead_letter_topic_is_named(
    box: DeadLetterBox, publisher: Publisher, reader: TopicReader, name: str
) -> None:
    await bury(publisher, f"{name}-other", a_dead_record("x-events"))
    with pytest.raises(NoSuchTopic, match=f"no topic {name}.dlq; there are: .*{name}-other.dlq"):
        await box.letters()
    assert dead_letter_topic(name) not in await reader.topics()


async def test_what_is_sent_while_a_topic_is_read_is_not_waited_for(
    publisher: Publisher, reader: TopicReader, name: str
) -> None:
    await publisher.learn(name)
    await publisher.publish(name, 0, [Message(b"k", b"%d" % n, []) for n in range(3)])
    await publisher.publish(name, 1, [Message(b"k", b"other", [])])
    seen: list[bytes | None] = []
    async for batch in reader.read([name, f"{name}-that-is-missing"]):
        if not seen:
            await publisher.publish(name, 0, [Message(b"k", b"late", [])])
        seen += [record.value for record in batch]
    assert sorted(filter(None, seen)) == [b"0", b"1", b"2", b"other"]


async def test_a_topic_is_followed_from_now_on_or_from_its_start(
    publisher: Publisher, bootstrap: str, name: str
) -> None:
    await publisher.learn(name)
    await publisher.publish(name, 0, [Message(b"k", b"old", [])])
    async with open_reader(bootstrap) as reader:
        found = aiter(reader.follow([name], from_start=True))
        assert (await anext(found)).value == b"old"
    async with open_reader(bootstrap) as reader:
        first = asyncio.ensure_future(anext(aiter(reader.follow([name]))))

        async def arrives() -> bool:
            await publisher.publish(name, 0, [Message(b"k", b"new", [])])
            return first.done()

        await eventually(arrives, JOIN_SECONDS)
        assert (await first).value == b"new"
