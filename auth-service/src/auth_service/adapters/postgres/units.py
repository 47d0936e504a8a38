"""Units of work over one database; what they record is logged, too, once it is committed."""

from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

from service_kit import inbox, logs
from service_kit.database import Connection, Database

from auth_service.adapters.postgres.accounts import PostgresAccountChanges
from auth_service.adapters.postgres.guesses import CHARGE, FORGIVE
from auth_service.adapters.postgres.keys import PostgresKeyChanges
from auth_service.adapters.postgres.sessions import PostgresSessionChanges
from auth_service.application.units import UnitOfWork
from auth_service.domain.events import AuthEvent
from auth_service.domain.throttle import Charge

CONSUMER: Final = "auth-service"
_RECORD: Final = """
INSERT INTO auth_events (kind, user_id, session_id, client_address, device, detail)
VALUES ($1, $2, $3, $4, $5, $6)
"""


class PostgresUnits:
    """Transactions on one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[UnitOfWork]:
        async with self._database.transaction() as connection:
            unit = PostgresUnit(connection)
            yield unit
        for event in unit.recorded:
            _log(event)


class PostgresUnit:
    """One transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.accounts = PostgresAccountChanges(connection)
        self.sessions = PostgresSessionChanges(connection)
        self.keys = PostgresKeyChanges(connection)
        self.recorded: list[AuthEvent] = []

    async def charge(self, charges: Iterable[Charge]) -> None:
        rows = [(charge.key, charge.seconds, charge.most) for charge in charges]
        await self._connection.executemany(CHARGE, rows)

    async def forgive(self, key: bytes) -> None:
        await self._connection.execute(FORGIVE, key)

    async def claim(self, event_ids: Collection[UUID]) -> set[UUID]:
        return await inbox.claim(self._connection, CONSUMER, list(event_ids))

    async def record(self, event: AuthEvent) -> None:
        client = event.client
        await self._connection.execute(
            _RECORD,
            event.kind.value,
            event.user_id,
            event.session_id,
            client.address if client else None,
            client.device if client else None,
            event.detail,
        )
        self.recorded.append(event)


def _log(event: AuthEvent) -> None:
    logs.get(__name__).info(
        "auth event",
        kind=event.kind.value,
        user_id=event.user_id,
        session_id=None if event.session_id is None else str(event.session_id),
        client_address=event.client.address if event.client else None,
        detail=event.detail,
    )
