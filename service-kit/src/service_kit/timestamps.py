"""Moments as protobuf carries them, and back."""

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp


def timestamp_to_pb(at: datetime) -> Timestamp:
    """An aware datetime as a Timestamp."""
    stamp = Timestamp()
    stamp.FromDatetime(at)
    return stamp


def optional_timestamp_to_pb(at: datetime | None) -> Timestamp | None:
    """The same where there may be none."""
    return None if at is None else timestamp_to_pb(at)


def timestamp_from_pb(stamp: Timestamp) -> datetime:
    """A Timestamp as a datetime in UTC, to the microsecond. Raises ValueError out of its range."""
    return stamp.ToDatetime(tzinfo=UTC)
