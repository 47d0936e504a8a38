"""Moments survive the way through protobuf, and what is none is refused."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from service_kit.timestamps import timestamp_from_pb, timestamp_to_pb, write_timestamp

MOMENTS = (
    datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(2026, 6, 1, 12, tzinfo=timezone(timedelta(hours=5, minutes=30))),
)


@pytest.mark.parametrize("at", MOMENTS)
def test_a_moment_is_what_protobuf_itself_makes_of_it(at: datetime) -> None:
    expected, written = Timestamp(), Timestamp()
    expected.FromDatetime(at)
    write_timestamp(written, at)
    assert timestamp_to_pb(at) == written == expected
    assert timestamp_from_pb(expected) == at
    assert timestamp_from_pb(expected).tzinfo is UTC


@pytest.mark.parametrize(
    "stamp",
    [
        Timestamp(seconds=253_402_300_800),
        Timestamp(seconds=-62_135_596_801),
        Timestamp(seconds=2**62),
        Timestamp(nanos=-1),
        Timestamp(nanos=1_000_000_000),
    ],
)
def test_what_is_no_moment_is_refused(stamp: Timestamp) -> None:
    with pytest.raises(ValueError, match="out of range"):
        timestamp_from_pb(stamp)
