"""What wrong guesses cost, in PostgreSQL: the replicas count together."""

from collections.abc import Mapping, Sequence
from typing import Final

from service_kit.database import Database

_DEBTS: Final = """
SELECT key, extract(epoch FROM free_at - clock_timestamp())::float8 AS seconds FROM guesses
WHERE key = ANY($1::bytea[]) AND free_at > clock_timestamp()
"""
CHARGE: Final = """
INSERT INTO guesses (key, free_at)
VALUES ($1, clock_timestamp() + make_interval(secs => $2))
ON CONFLICT (key) DO UPDATE SET free_at = least(
    greatest(guesses.free_at, clock_timestamp()) + make_interval(secs => $2),
    clock_timestamp() + make_interval(secs => $3))
"""
FORGIVE: Final = "DELETE FROM guesses WHERE key = $1"


class PostgresGuesses:
    """The guesses of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def debts(self, keys: Sequence[bytes]) -> Mapping[bytes, float]:
        rows = await self._database.fetch("guesses", _DEBTS, list(keys))
        return {row["key"]: row["seconds"] for row in rows}
