"""Events on the wire: CloudEvents 1.0, binary content mode of its Kafka protocol binding."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol
from uuid import UUID

Headers = Sequence[tuple[str, bytes]]

NO_STAMP: Final = -1
"""The timestamp of a record that has none (Kafka's own convention)."""

_SPEC_VERSION: Final = ("ce_specversion", b"1.0")
_CONTENT_TYPE: Final = ("content-type", b"application/protobuf")


class InvalidEvent(Exception):
    """An event that can never be handled, however often it is tried; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Message:
    """A Kafka record to be: key (order is kept per key), value and headers."""

    key: bytes | None
    value: bytes | None
    headers: Headers


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """A CloudEvent read from a partition; `value` is a protobuf message of `type`.

    `time` is when its outbox row was written, `stamp` when its record was made:
    Unix milliseconds, -1 where it does not say.
    """

    id: UUID
    type: str
    source: str
    time: datetime
    topic: str
    partition: int
    offset: int
    key: str
    value: bytes
    headers: Mapping[str, str]
    stamp: int = NO_STAMP

    @property
    def published_at(self) -> datetime | None:
        """When it was sent to Kafka, to the millisecond; None where nobody noted that."""
        return None if self.stamp < 0 else datetime.fromtimestamp(self.stamp / 1000, UTC)


class PlacedRecord(Protocol):
    """A record that is somewhere in a topic."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Headers: ...


class Record(PlacedRecord, Protocol):
    """A record as a Kafka client gives it; its timestamp is in Unix milliseconds."""

    @property
    def timestamp(self) -> int: ...


def cloud_event_headers(
    event_id: UUID, event_type: str, source: str, time: datetime, trace: Mapping[str, str]
) -> Headers:
    """The headers of an event from the service `source`; `trace` is its W3C context."""
    stamp = time.astimezone(UTC).isoformat().replace("+00:00", "Z")
    headers = [
        _SPEC_VERSION,
        ("ce_id", str(event_id).encode()),
        ("ce_type", event_type.encode()),
        ("ce_source", source.encode()),
        ("ce_time", stamp.encode()),
        _CONTENT_TYPE,
    ]
    for name, value in trace.items():
        headers.append((name, value.encode()))
    return headers


def received(record: Record) -> ReceivedEvent:
    """The event in a record. Raises `InvalidEvent` where it is none."""
    headers = {name: value.decode("utf-8", "replace") for name, value in record.headers if value}
    try:
        return ReceivedEvent(
            id=UUID(headers["ce_id"]),
            type=headers["ce_type"],
            source=headers["ce_source"],
            time=_moment(headers["ce_time"]),
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            key=(record.key or b"").decode(),
            value=record.value or b"",
            headers=headers,
            stamp=record.timestamp,
        )
    except KeyError as error:
        raise InvalidEvent(f"no {error.args[0]} header") from error
    except ValueError as error:
        raise InvalidEvent(f"malformed event: {error}") from error


def type_of(record: PlacedRecord) -> str:
    """The CloudEvents type that a record claims to be of; empty where it claims none."""
    return next((v.decode("utf-8", "replace") for k, v in record.headers if k == "ce_type"), "")


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"ce_time has no offset: {text}")
    return moment
