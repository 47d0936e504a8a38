"""Deletes what has had its day, some rows at a time."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from service_kit import inbox
from service_kit.database import Database

_BATCH: Final = 1000
_SESSIONS: Final = 50  # each takes up to some thousand refresh tokens with it
_MOST_BATCHES: Final = 100
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Expiry:
    """Rows of a table that go when their `moment` is longer ago than `keep`."""

    table: str
    key: str
    moment: str
    keep: timedelta
    unless: str = "false"
    batch: int = _BATCH

    @property
    def sql(self) -> str:
        """Deletes a batch of them, and leaves alone those that another replica deletes."""
        return f"""
            DELETE FROM {self.table} WHERE {self.key} IN (
                SELECT {self.key} FROM {self.table}
                WHERE {self.moment} < clock_timestamp() - $1::interval AND NOT ({self.unless})
                LIMIT {self.batch} FOR UPDATE SKIP LOCKED)
            RETURNING {self.key}
        """  # noqa: S608


_EXPIRIES: Final = (
    Expiry("refresh_tokens", "digest", "expires_at", _DAY),
    Expiry("sessions", "id", "expires_at", _DAY, batch=_SESSIONS),
    Expiry("sessions", "id", "revoked_at", _DAY, batch=_SESSIONS),
    # The newest one stays: its id tells a watcher that this is the log that it knows.
    Expiry("revocations", "id", "revoked_at", _DAY, "id = (SELECT max(id) FROM revocations)"),
    Expiry("registrations", "id", "created_at", _DAY, "state <> 'finished'"),
    Expiry("signing_keys", "kid", "not_after", _DAY),
    Expiry("guesses", "key", "free_at", timedelta(0)),
)


class PostgresLeftovers:
    """What is left over in one database.

    Audit events are kept for `keep_events`, ids of events that were taken in for `keep_claims`.
    """

    def __init__(self, database: Database, keep_events: timedelta, keep_claims: timedelta) -> None:
        self._database = database
        self._keep_claims = keep_claims
        self._expiries = (*_EXPIRIES, Expiry("auth_events", "id", "occurred_at", keep_events))

    async def prune(self) -> int:
        """Delete what is expired, a bounded number of rows a call; returns how many."""
        pruned = 0
        for expiry in self._expiries:
            pruned += await self._prune(expiry)
        async with self._database.connection() as connection:
            return pruned + await inbox.prune(connection, self._keep_claims, _BATCH)

    async def _prune(self, expiry: Expiry) -> int:
        pruned = 0
        for _ in range(_MOST_BATCHES):
            name = f"prune_{expiry.table}"
            gone = len(await self._database.fetch(name, expiry.sql, expiry.keep))
            pruned += gone
            if gone < expiry.batch:
                break
        return pruned
