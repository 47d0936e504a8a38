"""Deletes what has had its day, some rows at a time."""

from datetime import timedelta
from typing import Final

from service_kit import inbox
from service_kit.database import Database

_BATCH: Final = 1000
_KEEP_IN_INBOX: Final = timedelta(days=30)
_KEEP_REGISTRATIONS: Final = timedelta(days=1)
_KEEP_REVOCATIONS: Final = timedelta(days=1)
_KEEP_ENDED: Final = timedelta(days=1)

# The newest revocation stays: its id tells a watcher that this is the log that it knows.
_EXPIRED: Final = (
    ("refresh_tokens", "digest", "expires_at < clock_timestamp() - $1::interval", _KEEP_ENDED),
    ("sessions", "id", "expires_at < clock_timestamp() - $1::interval", _KEEP_ENDED),
    ("sessions", "id", "revoked_at < clock_timestamp() - $1::interval", _KEEP_ENDED),
    (
        "revocations",
        "id",
        "revoked_at < clock_timestamp() - $1::interval AND id < (SELECT max(id) FROM revocations)",
        _KEEP_REVOCATIONS,
    ),
    (
        "registrations",
        "id",
        "state = 'finished' AND created_at < clock_timestamp() - $1::interval",
        _KEEP_REGISTRATIONS,
    ),
    ("signing_keys", "kid", "not_after < clock_timestamp() - $1::interval", _KEEP_ENDED),
    ("guesses", "key", "free_at < clock_timestamp() - $1::interval", timedelta(0)),
)


class PostgresLeftovers:
    """What is left over in one database; audit events are kept for `keep_events`."""

    def __init__(self, database: Database, keep_events: timedelta) -> None:
        self._database = database
        events = ("auth_events", "id", "occurred_at < clock_timestamp() - $1::interval")
        self._expired = (*_EXPIRED, (*events, keep_events))

    async def prune(self) -> int:
        pruned = 0
        for table, key, condition, keep in self._expired:
            pruned += await self._prune(table, key, condition, keep)
        async with self._database.connection() as connection:
            return pruned + await inbox.prune(connection, _KEEP_IN_INBOX, _BATCH)

    async def _prune(self, table: str, key: str, condition: str, keep: timedelta) -> int:
        sql = f"""
            DELETE FROM {table} WHERE {key} IN (
                SELECT {key} FROM {table} WHERE {condition} LIMIT {_BATCH} FOR UPDATE SKIP LOCKED)
            RETURNING {key}
        """  # noqa: S608
        return len(await self._database.fetch(f"prune_{table}", sql, keep))
