"""What has changed in a database, by key, for those who keep what they have read of it.

Triggers note each change in the table `changes`, with the id of its transaction. A cursor is the
snapshot that an answer was made with: a change that was not visible then and is visible now was
committed in between, in whatever order ids were given (PostgreSQL, System Information Functions:
`pg_snapshot`).
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import asyncpg
from service_kit.database import Database, existing
from service_kit.errors import FieldViolation, InvalidArgument

KEPT: Final = timedelta(minutes=1)
"""How long a change stays noted."""
PRUNE_SECONDS: Final = 30.0
CURSOR_SECONDS: Final = 30
"""How long a cursor is good: less than changes are kept, by more than clocks are set back."""

_SINCE: Final = """
SELECT pg_current_snapshot()::text AS snapshot,
       extract(epoch FROM clock_timestamp())::bigint AS second,
       pg_snapshot_xmax(pg_current_snapshot()) >= pg_snapshot_xmax($1::text::pg_snapshot)
           AS is_later,
       ARRAY(
           SELECT DISTINCT key FROM changes
           WHERE xid >= pg_snapshot_xmin($1::text::pg_snapshot)
             AND NOT pg_visible_in_snapshot(xid, $1::text::pg_snapshot)
       ) AS keys
"""
_PRUNE: Final = "DELETE FROM changes WHERE noted_at < clock_timestamp() - $1::interval"


class BadCursor(InvalidArgument):
    """A cursor that no answer had."""

    message = "validation failed"

    def __init__(self) -> None:
        super().__init__(violations=[FieldViolation("cursor", "must be from an earlier answer")])


@dataclass(frozen=True, slots=True)
class Changes:
    """The keys of what was committed since a cursor, each once, and the next cursor.

    With `is_reset` the cursor that was given is of no use here: too old, or of another database.
    """

    keys: tuple[int, ...]
    cursor: str
    is_reset: bool = False


class ChangeLog:
    """The changes noted in one database."""

    def __init__(self, database: Database, kept: timedelta = KEPT) -> None:
        self._database = database
        self._kept = kept

    async def since(self, cursor: str) -> Changes:
        """What has changed since an earlier answer; without its cursor only the next one.

        Raises `BadCursor`.
        """
        snapshot, made_at = _parts(cursor) if cursor else (None, 0)
        try:
            row = existing(await self._database.fetch_row("changes", _SINCE, snapshot))
        except asyncpg.DataError as error:
            raise BadCursor from error
        following = f"{row['snapshot']}@{row['second']}"
        if snapshot is None:
            return Changes((), following)
        if not row["is_later"] or not 0 <= row["second"] - made_at <= CURSOR_SECONDS:
            return Changes((), following, is_reset=True)
        return Changes(tuple(row["keys"]), following)

    async def prune(self) -> None:
        """Forget what is older than any cursor that is good."""
        async with self._database.connection() as connection:
            await connection.execute(_PRUNE, self._kept)


def _parts(cursor: str) -> tuple[str, int]:
    """The snapshot of a cursor, and the second in which it was made."""
    snapshot, _, second = cursor.partition("@")
    if not (second.isascii() and second.isdecimal() and len(second) < 15):
        raise BadCursor
    return snapshot, int(second)
