"""Pages of a list: opaque keyset cursors, and totals that stay cheap."""

import base64
import binascii
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import orjson
from service_kit.database import Connection
from service_kit.errors import FieldViolation, InvalidArgument

EXACT_TOTAL: Final = 10_000
"""Rows that are counted one by one; beyond them the planner's estimate has to do."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST_OFFSET: Final = 100_000
_LARGEST_LIMIT: Final = 100
_DEFAULT_LIMIT: Final = 20


class InvalidCursor(InvalidArgument):
    """A cursor that no answer of this list has given."""

    code = "INVALID_CURSOR"
    message = "invalid cursor"


@dataclass(frozen=True, slots=True)
class Total:
    """How many rows a list has in all."""

    value: int
    is_estimate: bool = False


def encode_cursor(*numbers: int) -> str:
    """An opaque, URL-safe cursor that holds signed 64-bit numbers."""
    return base64.urlsafe_b64encode(struct.pack(f">{len(numbers)}q", *numbers)).decode().rstrip("=")


def decode_cursor(cursor: str, count: int) -> tuple[int, ...]:
    """The `count` numbers of a cursor. Raises `InvalidCursor`."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        numbers: tuple[int, ...] = struct.unpack(
            f">{count}q", base64.b64decode(padded, altchars=b"-_", validate=True)
        )
    except (binascii.Error, struct.error, ValueError) as error:
        raise InvalidCursor from error
    return numbers


def microseconds(at: datetime) -> int:
    """A moment as whole microseconds since 1970, as PostgreSQL keeps it."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def moment(microseconds_since_epoch: int) -> datetime:
    """The inverse of `microseconds`. Raises `InvalidCursor` for what is no date."""
    try:
        return _EPOCH + timedelta(microseconds=microseconds_since_epoch)
    except OverflowError as error:
        raise InvalidCursor from error


def offset(page: int, limit: int) -> int:
    """Rows before a page (from 1; 0 is the first too), for the forms kept for compatibility.

    Raises `InvalidArgument` beyond 100,000 rows: who goes deeper uses the cursor.
    """
    return checked_offset((max(page, 1) - 1) * limit)


async def count(connection: Connection, source: str, arguments: Sequence[object]) -> Total:
    """How many rows `source` (what follows FROM, with its WHERE) has: exact up to 10,000."""
    exact = f"SELECT count(*) FROM (SELECT 1 FROM {source} LIMIT {EXACT_TOTAL + 1}) AS counted"  # noqa: S608
    value: int = await connection.fetchval(exact, *arguments)
    if value <= EXACT_TOTAL:
        return Total(value)
    plan = await connection.fetchval(
        f"EXPLAIN (FORMAT JSON) SELECT 1 FROM {source}",  # noqa: S608
        *arguments,
    )
    estimate = int(orjson.loads(plan)[0]["Plan"]["Plan Rows"])
    return Total(max(value, estimate), is_estimate=True)


def checked_limit(limit: int) -> int:
    """Rows asked for: 1 to 100; 0 is the default. Raises `InvalidArgument`."""
    if not 0 <= limit <= _LARGEST_LIMIT:
        raise InvalidArgument(violations=[FieldViolation("limit", "must be 1 to 100")])
    return limit or _DEFAULT_LIMIT


def checked_offset(rows: int) -> int:
    """Rows to skip: 0 to 100,000. Raises `InvalidArgument`."""
    if not 0 <= rows <= _LARGEST_OFFSET:
        raise InvalidArgument(violations=[FieldViolation("offset", "must be 0 to 100000")])
    return rows
