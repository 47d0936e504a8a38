"""Signing keys in PostgreSQL."""

from datetime import datetime
from typing import Final

from service_kit.database import Connection, Database

from auth_service.domain.models import SigningKey

_TURN: Final = 0x6B657973  # "keys": whoever changes them does it alone
_ALL: Final = """
SELECT kid, alg, public_jwk, sealed_private_key, active_from, not_after FROM signing_keys
WHERE not_after IS NULL OR not_after > clock_timestamp()
ORDER BY active_from, kid
"""
_ADD: Final = """
INSERT INTO signing_keys (kid, alg, public_jwk, sealed_private_key, active_from, not_after)
VALUES ($1, $2, $3, $4, $5, $6)
"""


class PostgresSigningKeys:
    """The signing keys of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> list[SigningKey]:
        rows = await self._database.fetch("signing_keys", _ALL)
        return [SigningKey(**row) for row in rows]


class PostgresKeyChanges:
    """Changes of signing keys in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def lock(self) -> list[SigningKey]:
        await self._connection.execute("SELECT pg_advisory_xact_lock($1)", _TURN)
        return [SigningKey(**row) for row in await self._connection.fetch(_ALL)]

    async def add(self, key: SigningKey) -> None:
        await self._connection.execute(
            _ADD,
            key.kid,
            key.alg,
            key.public_jwk,
            key.sealed_private_key,
            key.active_from,
            key.not_after,
        )

    async def retire(self, not_after: datetime) -> None:
        sql = "UPDATE signing_keys SET not_after = $1 WHERE not_after IS NULL"
        await self._connection.execute(sql, not_after)
