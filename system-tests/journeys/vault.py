"""What only an operator sees and does: rows of the databases, and the keys that sign tokens."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import asyncpg
import jwt
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from pinstack_local.stack import Stack
from service_kit.testing import eventually

from auth_service.adapters.key_ring import SealedKeys
from auth_service.domain.models import SigningKey
from journeys.client import Json
from journeys.people import Person

BLOCKED_SECONDS = 10
_KEY = "SELECT * FROM signing_keys WHERE active_from <= now() ORDER BY active_from DESC LIMIT 1"
_BLOCKED = """
SELECT FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND query ILIKE $1
"""
_AGE = """
UPDATE refresh_tokens SET rotated_at = rotated_at - interval '1 minute'
WHERE session_id IN (SELECT id FROM sessions WHERE user_id = $1)
"""


@dataclass(frozen=True)
class Signer:
    """The key that signs access tokens at the moment."""

    kid: str
    private: EllipticCurvePrivateKey

    def signed(self, claims: Json, **header: object) -> str:
        """A token with a true signature; `header` adds to its header, None takes a field away."""
        fields = {"typ": "at+jwt", "kid": self.kid, **header}
        return jwt.encode(claims, self.private, algorithm="ES256", headers=fields)


class Vault:
    """The databases of a platform, for whoever may open them."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    @asynccontextmanager
    async def open(self, service: str) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
        """A connection to the database of a service."""
        connection = await asyncpg.connect(self._stack.database_url(service))
        try:
            yield connection
        finally:
            await connection.close()

    async def rows(self, service: str, sql: str, *arguments: object) -> list[Any]:
        """What a statement returns."""
        async with self.open(service) as connection:
            return list(await connection.fetch(sql, *arguments))

    async def let_the_grace_pass(self, person: Person) -> None:
        """Have every refresh token that somebody spent been spent a minute earlier."""
        await self.rows("auth-service", _AGE, person.id)

    async def signer(self) -> Signer:
        """The key that signs now, opened with the platform's secret."""
        (row,) = await self.rows("auth-service", _KEY)
        key = SigningKey(**dict(row))
        private = SealedKeys(self._stack.addresses()["AUTH_KEY_SECRET"]).opened(key)
        assert private is not None
        return Signer(key.kid, private)

    @asynccontextmanager
    async def stopped_before(self, service: str, table: str) -> AsyncIterator["Barrier"]:
        """Nobody gets to insert into a table of a service while the block runs."""
        async with self.open(service) as connection, connection.transaction():
            await connection.execute(f"LOCK TABLE {table} IN SHARE MODE")
            yield Barrier(self, service, table)


@dataclass(frozen=True)
class Barrier:
    """A step that cannot be taken."""

    vault: Vault
    service: str
    table: str

    async def is_reached(self) -> None:
        """Wait until somebody is about to take the step."""

        async def somebody_waits() -> bool:
            wanted = f"%INSERT INTO {self.table}%"
            return bool(await self.vault.rows(self.service, _BLOCKED, wanted))

        await eventually(somebody_waits, BLOCKED_SECONDS, f"the insert into {self.table}")


def claims_of(token: str) -> Json:
    """What an access token says."""
    claims: Json = jwt.decode(token, options={"verify_signature": False})
    return claims


def fresh(claims: Json, **changes: object) -> Json:
    """The same claims with others in their place; None takes a claim away."""
    now = int(time.time())
    changed = {**claims, "iat": now, "exp": now + 300, **changes}
    return {name: value for name, value in changed.items() if value is not None}
