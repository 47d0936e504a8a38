"""The dead letters of a consumer group: looked at, put back, or laid aside, each on its own.

A dead letter stays where it is, as a Kafka topic can't give a single record up. What became of one
is a record behind it in its own partition, so that both are kept for as long as each other.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

from service_kit.events.dead_letters import dead_letter_topic
from service_kit.events.message import Message, PlacedRecord, type_of
from service_kit.events.publisher import BrokerAway, Publisher
from service_kit.events.reader import ReadRecord, TopicReader

REQUEUED: Final = "requeued"
DROPPED: Final = "dropped"

REQUEUES: Final = "dlq_requeues"
"""Header of an event that was put back: how often it was."""

_DONE: Final = "dlq_done"
_DONE_OFFSET: Final = "dlq_done_offset"
_OF_DEAD_LETTERS: Final = "dlq_"

Place: TypeAlias = tuple[int, int]
"""Partition and offset."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that a group could not handle; `done` says what became of it, empty if nothing."""

    record: ReadRecord
    done: str = ""

    @property
    def id(self) -> str:
        """Its place in the dead-letter topic: partition/offset."""
        return f"{self.record.partition}/{self.record.offset}"

    @property
    def type(self) -> str:
        """The CloudEvents type that it claims."""
        return type_of(self.record)

    @property
    def reason(self) -> str:
        """Why it could not be handled."""
        return _header(self.record, "dlq_reason")

    @property
    def attempts(self) -> str:
        """How often that was tried before it came here."""
        return _header(self.record, "dlq_attempts")

    @property
    def origin(self) -> str:
        """Where it was: topic/partition/offset."""
        names = ("dlq_topic", "dlq_partition", "dlq_offset")
        return "/".join(_header(self.record, name) for name in names)

    @property
    def topic(self) -> str:
        """The topic that it was in."""
        return _header(self.record, "dlq_topic")

    @property
    def requeues(self) -> int:
        """How often it was put back before."""
        return int(_header(self.record, REQUEUES) or 0)

    def original(self) -> Message:
        """The record as it was, but for the header that counts how often it is put back."""
        own = [one for one in self.record.headers if not one[0].startswith(_OF_DEAD_LETTERS)]
        count = str(self.requeues + 1).encode()
        return Message(self.record.key, self.record.value, [*own, (REQUEUES, count)])


class DeadLetterBox:
    """What is in `<group>.dlq`."""

    def __init__(self, group: str, reader: TopicReader, publisher: Publisher) -> None:
        self._topic = dead_letter_topic(group)
        self._reader = reader
        self._publisher = publisher

    async def letters(self) -> list[DeadLetter]:
        """All of them, the oldest first. Raises `NoSuchTopic`, `BrokerAway`."""
        await self._reader.require([self._topic])
        dead: dict[Place, ReadRecord] = {}
        done: dict[Place, str] = {}
        async for batch in self._reader.read([self._topic]):
            for record in batch:
                if what := _header(record, _DONE):
                    done[record.partition, int(_header(record, _DONE_OFFSET))] = what
                else:
                    dead[record.partition, record.offset] = record
        letters = [DeadLetter(record, done.get(place, "")) for place, record in dead.items()]
        return sorted(letters, key=lambda letter: letter.record.timestamp)

    async def requeue(self, letter: DeadLetter) -> None:
        """Put it back onto the topic that it was in, behind whatever came there since.

        A crash between this and the note that it is done lets it stay in the list; putting it back
        twice is harmless, as the event's id is the same. Raises `BrokerAway`, `MessagesRefused`.
        """
        await self._publisher.learn(letter.topic)
        partition = self._publisher.partition_of(letter.topic, letter.record.key or b"")
        if partition is None:
            raise BrokerAway(f"no partitions known of {letter.topic}")
        await self._publisher.publish(letter.topic, partition, [letter.original()])
        await self._note(letter, REQUEUED)

    async def drop(self, letter: DeadLetter) -> None:
        """Show it no more. Raises `BrokerAway`."""
        await self._note(letter, DROPPED)

    async def _note(self, letter: DeadLetter, done: str) -> None:
        about = [(_DONE, done.encode()), (_DONE_OFFSET, str(letter.record.offset).encode())]
        note = Message(letter.record.key, None, about)
        await self._publisher.publish(self._topic, letter.record.partition, [note])


def _header(record: PlacedRecord, name: str) -> str:
    return next((v.decode("utf-8", "replace") for k, v in record.headers if k == name), "")
