"""The dead-letter topic of a consumer group: the original record, and why it is there."""

from service_kit.events.message import Message, PlacedRecord
from service_kit.events.publisher import BrokerAway, Publisher


def dead_letter_topic(group: str) -> str:
    """The topic that holds the dead letters of a group."""
    return f"{group}.dlq"


def dead_letter(record: PlacedRecord, reason: str, attempts: int) -> Message:
    """The record as it was, with `dlq_*` headers that say where it was and why it is dead."""
    about = {
        "dlq_reason": reason,
        "dlq_attempts": str(attempts),
        "dlq_topic": record.topic,
        "dlq_partition": str(record.partition),
        "dlq_offset": str(record.offset),
    }
    own = [header for header in record.headers if header[0] not in about]
    added = [(name, value.encode()) for name, value in about.items()]
    return Message(record.key, record.value, [*own, *added])


class KafkaDeadLetters:
    """Writes dead letters to `<group>.dlq`."""

    def __init__(self, publisher: Publisher, group: str) -> None:
        self._publisher = publisher
        self._topic = dead_letter_topic(group)

    async def put(self, record: PlacedRecord, reason: str, attempts: int) -> None:
        """Returns once all replicas have it. Raises `BrokerAway` or `MessagesRefused`."""
        await self._publisher.learn(self._topic)
        partition = self._publisher.partition_of(self._topic, record.key or b"")
        if partition is None:
            raise BrokerAway(f"no partitions known of {self._topic}")
        await self._publisher.publish(
            self._topic, partition, [dead_letter(record, reason, attempts)]
        )
