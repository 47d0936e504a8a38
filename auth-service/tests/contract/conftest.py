"""The storage behind the ports, in memory and in PostgreSQL."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from service_kit.config import PostgresSettings
from service_kit.database import Database, open_database

from auth_service.adapters.postgres.accounts import PostgresCredentials
from auth_service.adapters.postgres.guesses import PostgresGuesses
from auth_service.adapters.postgres.keys import PostgresSigningKeys
from auth_service.adapters.postgres.registrations import PostgresRegistrations
from auth_service.adapters.postgres.revocations import PostgresRevocations
from auth_service.adapters.postgres.sessions import PostgresSessions
from auth_service.adapters.postgres.units import PostgresUnits
from auth_service.application.ports import (
    Credentials,
    Guesses,
    Registrations,
    Revocations,
    Sessions,
    SigningKeys,
)
from auth_service.application.units import Units
from auth_service.domain.models import Client, Grant, Lives
from tests.builders import CLIENT, LIVES, registration
from tests.fakes import (
    InMemoryCredentials,
    InMemoryGuesses,
    InMemoryRegistrations,
    InMemoryRevocations,
    InMemorySessions,
    InMemorySigningKeys,
    InMemoryUnits,
    Tables,
)

LEASE = timedelta(minutes=1)
OVERDUE = timedelta(seconds=-1)
_EMPTY = """
TRUNCATE auth_events, guesses, signing_keys, revocations, refresh_tokens, sessions, registrations,
    credentials, inbox RESTART IDENTITY
"""


@dataclass(frozen=True)
class Store:
    """All ports onto one storage; the leases of `registrations` are as long as one says."""

    registrations: Callable[[timedelta], Registrations]
    credentials: Credentials
    sessions: Sessions
    guesses: Guesses
    revocations: Revocations
    keys: SigningKeys
    units: Units

    async def add_account(self, user_id: int) -> None:
        """A credential of version 1."""
        begun = await self.registrations(LEASE).begin(registration(f"user{user_id}"))
        async with self.units.begin() as unit:
            assert await unit.accounts.complete(begun.id, user_id)

    async def sign_in(
        self, user_id: int, digest: bytes, client: Client = CLIENT, lives: Lives = LIVES
    ) -> Grant:
        """A session of an account, whose refresh token has this digest."""
        async with self.units.begin() as unit:
            grant = await unit.sessions.open(user_id, 1, client, digest, lives)
        assert grant is not None
        return grant


@pytest.fixture(scope="module")
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(database_url, PostgresSettings(), "test") as opened:
        yield opened


@pytest.fixture(params=["memory", "postgres"])
async def store(request: pytest.FixtureRequest, database: Database, database_url: str) -> Store:
    if request.param == "memory":
        return _in_memory()
    await database.fetch("empty", _EMPTY)
    return Store(
        registrations=lambda lease: PostgresRegistrations(database, lease),
        credentials=PostgresCredentials(database),
        sessions=PostgresSessions(database),
        guesses=PostgresGuesses(database),
        revocations=PostgresRevocations(database, database_url),
        keys=PostgresSigningKeys(database),
        units=PostgresUnits(database),
    )


def _in_memory() -> Store:
    tables = Tables(lambda: datetime.now(UTC))
    return Store(
        registrations=lambda lease: InMemoryRegistrations(tables, lease),
        credentials=InMemoryCredentials(tables),
        sessions=InMemorySessions(tables),
        guesses=InMemoryGuesses(tables),
        revocations=InMemoryRevocations(tables),
        keys=InMemorySigningKeys(tables),
        units=InMemoryUnits(tables),
    )
