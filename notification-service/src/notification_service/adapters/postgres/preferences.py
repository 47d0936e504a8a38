"""What people want to be told, in PostgreSQL: as a read, and within a transaction."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from service_kit.database import Connection, Database, Row, columns

from notification_service.domain.preferences import Mute, Preferences, QuietHours

_OF: Final = """
SELECT user_id, in_app_off, live_off, quiet_from, quiet_to, time_zone FROM preferences
WHERE user_id = ANY($1::bigint[])
"""
_MUTES: Final = """
SELECT author_id, muted_at FROM mutes WHERE user_id = $1 AND author_id > $2
ORDER BY author_id LIMIT $3
"""
_MUTING: Final = """
SELECT user_id, author_id FROM mutes
JOIN unnest($1::bigint[], $2::bigint[]) AS asked (user_id, author_id) USING (user_id, author_id)
"""
_IS_OPEN: Final = """
NOT EXISTS (SELECT FROM inboxes WHERE user_id = $1 AND closed_at IS NOT NULL)
"""
_REPLACE: Final = f"""
INSERT INTO preferences (user_id, in_app_off, live_off, quiet_from, quiet_to, time_zone)
SELECT $1::bigint, $2::text[], $3::text[], $4::time, $5::time, $6::text WHERE {_IS_OPEN}
ON CONFLICT (user_id) DO UPDATE SET
    in_app_off = excluded.in_app_off, live_off = excluded.live_off,
    quiet_from = excluded.quiet_from, quiet_to = excluded.quiet_to, time_zone = excluded.time_zone
"""
_MUTE: Final = f"""
INSERT INTO mutes (user_id, author_id) SELECT $1::bigint, $2::bigint WHERE {_IS_OPEN}
ON CONFLICT DO NOTHING
"""
_UNMUTE: Final = "DELETE FROM mutes WHERE user_id = $1 AND author_id = $2 RETURNING true"


class PostgresPreferences:
    """The preferences of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, user_ids: Collection[int]) -> Mapping[int, Preferences]:
        return _by_user(await self._database.fetch("preferences", _OF, list(user_ids)))

    async def mutes(self, user_id: int, after_id: int, limit: int) -> list[Mute]:
        rows = await self._database.fetch("mutes", _MUTES, user_id, after_id, limit)
        return [Mute(row["author_id"], row["muted_at"]) for row in rows]


class PostgresPreferenceChanges:
    """What one transaction asks and does."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def of(self, user_ids: Collection[int]) -> Mapping[int, Preferences]:
        if not user_ids:
            return {}
        return _by_user(await self._connection.fetch(_OF, list(user_ids)))

    async def muting(self, pairs: Collection[tuple[int, int]]) -> set[tuple[int, int]]:
        if not pairs:
            return set()
        rows = await self._connection.fetch(_MUTING, *columns(pairs, 2))
        return {(row["user_id"], row["author_id"]) for row in rows}

    async def replace(self, preferences: Preferences) -> None:
        quiet = preferences.quiet_hours
        await self._connection.execute(
            _REPLACE,
            preferences.user_id,
            sorted(preferences.in_app_off),
            sorted(preferences.live_off),
            *((quiet.start, quiet.end, quiet.time_zone) if quiet else (None, None, None)),
        )

    async def mute(self, user_id: int, author_id: int) -> None:
        await self._connection.execute(_MUTE, user_id, author_id)

    async def unmute(self, user_id: int, author_id: int) -> bool:
        return bool(await self._connection.fetchval(_UNMUTE, user_id, author_id))


def _by_user(rows: Sequence[Row]) -> dict[int, Preferences]:
    return {row["user_id"]: preferences_from_row(row) for row in rows}


def preferences_from_row(row: Row) -> Preferences:
    """A row of `preferences`."""
    quiet = None
    if row["time_zone"] is not None:
        quiet = QuietHours(row["quiet_from"], row["quiet_to"], row["time_zone"])
    return Preferences(
        row["user_id"], frozenset(row["in_app_off"]), frozenset(row["live_off"]), quiet
    )
