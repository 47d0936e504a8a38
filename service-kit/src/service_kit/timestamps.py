"""Moments as protobuf carries them, and back.

Written out, as Timestamp's own methods take twice to three times as long, and a page has forty.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_SECONDS: Final = 24 * 3600


def timestamp_to_pb(at: datetime) -> Timestamp:
    """An aware datetime as a Timestamp."""
    since = at - _EPOCH
    return Timestamp(
        seconds=since.days * _DAY_SECONDS + since.seconds, nanos=since.microseconds * 1000
    )


def write_timestamp(target: Timestamp, at: datetime) -> None:
    """The same into the field of a message: one that is made first is copied into it."""
    since = at - _EPOCH
    target.seconds = since.days * _DAY_SECONDS + since.seconds
    target.nanos = since.microseconds * 1000


def optional_timestamp_to_pb(at: datetime | None) -> Timestamp | None:
    """The same where there may be none."""
    return None if at is None else timestamp_to_pb(at)


def timestamp_from_pb(stamp: Timestamp) -> datetime:
    """A Timestamp as a datetime in UTC, to the microsecond. Raises ValueError out of its range."""
    nanos = stamp.nanos
    if not 0 <= nanos < 1_000_000_000:
        raise ValueError("nanos out of range")
    try:
        return _EPOCH + timedelta(0, stamp.seconds, nanos // 1000)
    except OverflowError:
        raise ValueError("seconds out of range") from None
