"""The outbox table: rows written with the business data, read and stamped by the relay."""

import json
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple
from uuid import UUID

from service_kit.database import Connection, columns
from service_kit.tracing import inject
from service_kit.uuid7 import uuid7

COUNTED: Final = 10_000
"""`backlog` counts no further: it stays cheap while a broker is away for hours."""

_APPEND: Final = """
INSERT INTO outbox (event_id, topic, key, type, payload, headers)
SELECT event_id, topic, key, type, payload, headers::jsonb
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::text[])
     WITH ORDINALITY AS row (event_id, topic, key, type, payload, headers, position)
ORDER BY position
"""
_APPEND_ONE: Final = """
INSERT INTO outbox (event_id, topic, key, type, payload, headers)
SELECT ${}::uuid, ${}::text, ${}::text, ${}::text, ${}::bytea, ${}::jsonb FROM {source}
"""
# Never `id > last`: ids commit out of order.
_UNSENT: Final = """
SELECT id, created_at, event_id, topic, key, type, payload, headers::text FROM outbox
WHERE sent_at IS NULL
  AND topic <> ALL($1::text[])
  AND (topic, key) NOT IN (SELECT * FROM unnest($2::text[], $3::text[]))
ORDER BY id LIMIT $4
"""
_STAMP: Final = "UPDATE outbox SET sent_at = clock_timestamp() WHERE id = ANY($1::bigint[])"
_REMOVE: Final = "DELETE FROM outbox WHERE id = ANY($1::bigint[])"
# The statement reads what was there before it began, the rows that it stamps included.
_ADVANCE: Final = """
WITH settled AS ({settle})
SELECT id, created_at, event_id, topic, key, type, payload, headers::text FROM outbox
WHERE sent_at IS NULL AND id <> ALL($1::bigint[])
  AND topic <> ALL($2::text[])
  AND (topic, key) NOT IN (SELECT * FROM unnest($3::text[], $4::text[]))
ORDER BY id LIMIT $5
"""
_STAMP_AND_READ: Final = _ADVANCE.format(settle=_STAMP)
_REMOVE_AND_READ: Final = _ADVANCE.format(settle=_REMOVE)
_REFUSE: Final = """
UPDATE outbox SET attempts = attempts + 1, last_error = refused.reason
FROM unnest($1::bigint[], $2::text[]) AS refused (id, reason) WHERE outbox.id = refused.id
"""
_BACKLOG: Final = """
SELECT count(*) AS unsent,
       coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8 AS oldest
FROM (SELECT created_at FROM outbox WHERE sent_at IS NULL ORDER BY id LIMIT $1) AS first
"""
_PRUNE: Final = """
DELETE FROM outbox WHERE id IN (
    SELECT id FROM outbox WHERE sent_at < clock_timestamp() - $1::interval
    ORDER BY sent_at LIMIT $2)
"""

_NO_HEADERS: Final = "{}"

Key = tuple[str, str]
"""Topic and key: what order is kept for."""


@dataclass(slots=True)  # not frozen: that takes twice as long to make, twenty times a post
class OutboxRecord:
    """An event to publish: a protobuf `payload` of CloudEvents `type`, in order per key.

    `headers` are those of the W3C trace that the record is made in.
    """

    topic: str
    key: str
    type: str
    payload: bytes
    event_id: UUID = field(default_factory=uuid7)
    headers: Mapping[str, str] = field(default_factory=inject)


class OutboxRow(NamedTuple):
    """A record as the relay reads it, with its place in the order; `headers` are JSON."""

    id: int
    created_at: datetime
    event_id: UUID
    topic: str
    aggregate: str
    type: str
    payload: bytes
    headers: str

    @property
    def key(self) -> Key:
        return self.topic, self.aggregate

    @property
    def trace(self) -> Mapping[str, str]:
        """The W3C headers; those who read them change nothing, as rows share them."""
        return _trace(self.headers)


class Held(NamedTuple):
    """What can't be sent now: whole topics, and keys of others."""

    topics: Set[str] = frozenset()
    keys: Set[Key] = frozenset()


class Backlog(NamedTuple):
    """How many rows are unsent (see `COUNTED`) and how many seconds the oldest has waited."""

    unsent: int
    oldest: float


async def append(connection: Connection, records: Sequence[OutboxRecord]) -> None:
    """Put `records` into the outbox, in their order, in the caller's transaction.

    Two transactions that write events of one key keep their order only if one waits for the other:
    change (or lock) the aggregate's row first. Call the relay's `wake()` after the commit.
    """
    if records:
        await connection.execute(_APPEND, *columns(map(parameters, records), 6))


def insertion(source: str, first: int) -> str:
    """The INSERT of a record where `source` has a row, to stand in a WITH of another statement.

    That statement's parameters from number `first` on are the `parameters` of the record. Call the
    relay's `wake()` after the commit.
    """
    return _APPEND_ONE.format(*range(first, first + 6), source=source)


def parameters(record: OutboxRecord) -> tuple[object, ...]:
    """What an `insertion` takes."""
    r = record
    return r.event_id, r.topic, r.key, r.type, r.payload, _to_json(r.headers)


async def unsent(connection: Connection, without: Held, limit: int) -> list[OutboxRow]:
    """The first `limit` rows, in id order, that are not sent and not in `without`."""
    found = await connection.fetch(_UNSENT, *_arrays(without), limit)
    return [OutboxRow._make(row) for row in found]


async def settle(connection: Connection, ids: Collection[int], *, keep: bool) -> None:
    """Note that the rows have been sent: stamp them, or delete them where none are kept."""
    if ids:
        await connection.execute(_STAMP if keep else _REMOVE, list(ids))


async def advance(
    connection: Connection,
    sent: Collection[int],
    without: Held,
    limit: int,
    *,
    keep: bool,
) -> list[OutboxRow]:
    """`settle` and then `unsent`, in one statement."""
    if not sent:
        return await unsent(connection, without, limit)
    sql = _STAMP_AND_READ if keep else _REMOVE_AND_READ
    found = await connection.fetch(sql, list(sent), *_arrays(without), limit)
    return [OutboxRow._make(row) for row in found]


async def refuse(connection: Connection, reasons: Mapping[int, str]) -> None:
    """Note on each row why it could not be sent this time."""
    await connection.execute(_REFUSE, list(reasons), list(reasons.values()))


async def backlog(connection: Connection) -> Backlog:
    """What waits to be sent."""
    found = await connection.fetchrow(_BACKLOG, COUNTED)
    return Backlog(found["unsent"], found["oldest"]) if found else Backlog(0, 0.0)


async def prune(connection: Connection, older_than: timedelta, limit: int = 1000) -> int:
    """Delete up to `limit` rows that were sent more than `older_than` ago; returns how many."""
    done = await connection.execute(_PRUNE, older_than, limit)
    return int(done.rpartition(" ")[2])


def _arrays(held: Held) -> tuple[list[object], ...]:
    return list(held.topics), *columns(held.keys, 2)


def _to_json(headers: Mapping[str, str]) -> str:
    return _json(*headers.items()) if headers else _NO_HEADERS


@lru_cache(maxsize=1000)
def _json(*headers: tuple[str, str]) -> str:
    """Kept, as what is announced to many has one trace; so is what is read back."""
    return json.dumps(dict(headers))


@lru_cache(maxsize=1000)
def _trace(headers: str) -> Mapping[str, str]:
    return MappingProxyType(json.loads(headers))
