"""Events on the wire, and which of them are none."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from service_kit import inbox
from service_kit.events import InvalidEvent, cloud_event_headers, dead_letter_topic
from service_kit.events.dead_letters import dead_letter
from service_kit.events.message import received
from service_kit.events.topics import letters_kept
from service_kit.uuid7 import uuid7

from tests.records import ReadRecord

EVENT_ID = uuid7()
MOMENT = datetime(2026, 2, 3, 4, 5, 6, 789, tzinfo=UTC)
HEADERS = cloud_event_headers(EVENT_ID, "user.created.v1", "user-service", MOMENT, {})
RECORD = ReadRecord("user-events", 3, 17, b"7", b"\x08\x07", HEADERS)


def without(name: str) -> ReadRecord:
    return replace(RECORD, headers=[header for header in HEADERS if header[0] != name])


def with_header(name: str, value: bytes) -> ReadRecord:
    return replace(without(name), headers=[*without(name).headers, (name, value)])


def test_an_event_is_read_as_it_was_written() -> None:
    event = received(RECORD)
    assert (event.id, event.type, event.source) == (EVENT_ID, "user.created.v1", "user-service")
    assert (event.topic, event.partition, event.offset) == ("user-events", 3, 17)
    assert (event.key, event.value, event.time) == ("7", b"\x08\x07", MOMENT)


def test_an_event_knows_when_its_record_was_made() -> None:
    published = received(replace(RECORD, timestamp=1_767_323_045_678)).published_at
    assert published == datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
    assert received(RECORD).published_at is None


def test_the_time_of_an_event_is_in_utc_whatever_zone_it_came_in() -> None:
    zone = timezone(timedelta(hours=2))
    headers = cloud_event_headers(EVENT_ID, "t", "s", MOMENT.astimezone(zone), {})
    assert dict(headers)["ce_time"] == b"2026-02-03T04:05:06.000789Z"


@pytest.mark.parametrize("name", ["ce_id", "ce_type", "ce_source", "ce_time"])
def test_an_event_without_a_required_header_is_invalid(name: str) -> None:
    with pytest.raises(InvalidEvent, match=f"no {name} header"):
        received(without(name))


@pytest.mark.parametrize(
    "record",
    [
        with_header("ce_id", b"seven"),
        with_header("ce_time", b"yesterday"),
        with_header("ce_time", b"2026-02-03T04:05:06"),
        replace(RECORD, key=b"\xff"),
    ],
)
def test_a_malformed_event_is_invalid(record: ReadRecord) -> None:
    with pytest.raises(InvalidEvent, match="malformed event"):
        received(record)


def test_a_dead_letter_keeps_the_record_and_says_why() -> None:
    letter = dead_letter(RECORD, "no such user", 2)
    assert (letter.key, letter.value) == (RECORD.key, RECORD.value)
    assert list(letter.headers) == [
        *HEADERS,
        ("dlq_reason", b"no such user"),
        ("dlq_attempts", b"2"),
        ("dlq_topic", b"user-events"),
        ("dlq_partition", b"3"),
        ("dlq_offset", b"17"),
    ]


def test_a_letter_that_dies_again_says_why_the_last_time() -> None:
    once = dead_letter(RECORD, "first", 1)
    again = dead_letter(replace(RECORD, headers=once.headers), "second", 1)
    reasons = [value for name, value in again.headers if name == "dlq_reason"]
    assert reasons == [b"second"]


def test_a_group_has_a_dead_letter_topic() -> None:
    assert dead_letter_topic("notification-service") == "notification-service.dlq"


@pytest.mark.parametrize("days", [1, 7, 365])
def test_an_id_is_forgotten_only_when_its_event_can_come_no_more(days: int) -> None:
    kept = timedelta(days=days)
    segment = timedelta(days=1)  # Kafka deletes whole segments
    requeued = kept + segment + letters_kept(kept) + segment
    assert inbox.kept(kept) > requeued
