"""Credentials in PostgreSQL."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from service_kit.database import Connection, Database

from auth_service.domain.models import Credential, Role

_COMPLETE: Final = """
WITH begun AS (
    SELECT id, password_hash FROM registrations
    WHERE id = $1 AND state IN ('pending', 'withdrawn') FOR UPDATE
), finished AS (
    UPDATE registrations SET state = 'finished', user_id = $2, password_hash = NULL,
        full_name = NULL, bio = NULL, avatar_url = NULL
    FROM begun WHERE registrations.id = begun.id
)
INSERT INTO credentials (user_id, password_hash) SELECT $2, password_hash FROM begun
ON CONFLICT (user_id) DO NOTHING
"""
_IS_FINISHED: Final = "SELECT FROM registrations WHERE id = $1 AND user_id = $2"
_CHANGE: Final = """
UPDATE credentials
SET password_hash = $3, version = version + 1, changed_at = clock_timestamp()
WHERE user_id = $1 AND version = $2
RETURNING user_id
"""
_REHASH: Final = "UPDATE credentials SET password_hash = $3 WHERE user_id = $1 AND version = $2"
_GRANT: Final = """
UPDATE credentials SET roles = array_append(array_remove(roles, $2), $2) WHERE user_id = $1
RETURNING roles
"""
_WITHDRAW: Final = """
UPDATE credentials SET roles = array_remove(roles, $2) WHERE user_id = $1 RETURNING roles
"""


class PostgresCredentials:
    """The credentials of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, user_id: int) -> Credential | None:
        sql = "SELECT user_id, password_hash, version FROM credentials WHERE user_id = $1"
        row = await self._database.fetch_row("credential", sql, user_id)
        return None if row is None else Credential(**row)


class PostgresAccountChanges:
    """Changes of credentials in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def complete(self, registration_id: UUID, user_id: int) -> bool:
        await self._connection.execute(_COMPLETE, registration_id, user_id)
        found = await self._connection.fetchrow(_IS_FINISHED, registration_id, user_id)
        return found is not None

    async def change_password(self, user_id: int, version: int, password_hash: str) -> bool:
        changed = await self._connection.fetchrow(_CHANGE, user_id, version, password_hash)
        return changed is not None

    async def rehash(self, user_id: int, version: int, password_hash: str) -> None:
        await self._connection.execute(_REHASH, user_id, version, password_hash)

    async def remove(self, user_ids: Collection[int]) -> None:
        for table in ("credentials", "registrations"):
            sql = f"DELETE FROM {table} WHERE user_id = ANY($1::bigint[])"  # noqa: S608
            await self._connection.execute(sql, list(user_ids))

    async def set_role(self, user_id: int, role: Role, *, granted: bool) -> tuple[Role, ...] | None:
        sql = _GRANT if granted else _WITHDRAW
        roles = await self._connection.fetchval(sql, user_id, role.value)
        return None if roles is None else tuple(map(Role, roles))
