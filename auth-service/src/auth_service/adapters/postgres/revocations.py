"""Revocations in PostgreSQL, and the ear that hears of new ones."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

import asyncpg
from service_kit import logs
from service_kit.backoff import Backoff, Delays
from service_kit.database import Connection, Database

from auth_service.adapters.postgres.sessions import REVOKED_CHANNEL
from auth_service.domain.models import Revocation

_BATCH: Final = 1000
POLL_SECONDS: Final = 0.9
_CONNECT_SECONDS: Final = 5.0
_CHECK_SECONDS: Final = 10.0
_AWAY: Final = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that died in the middle of a statement
    OSError,
    TimeoutError,
)

_AFTER: Final = """
SELECT id, user_id, session_id, revoked_at FROM revocations
WHERE id > $1 AND revoked_at > clock_timestamp() - $2::interval
ORDER BY id LIMIT $3
"""


class PostgresRevocations:
    """The revocations of the database at `url`; `listen` must run beside.

    One connection of its own hears the notifications of every replica: so `url` must lead to
    PostgreSQL itself. Where it is away, those who wait look every second.
    """

    def __init__(self, database: Database, url: str) -> None:
        self._database = database
        self._url = url
        self._mark = 0
        self._changed = asyncio.Event()
        self._closed = False

    async def after(self, revocation_id: int, younger_than: timedelta) -> list[Revocation]:
        arguments = revocation_id, younger_than, _BATCH
        rows = await self._database.fetch("revocations_after", _AFTER, *arguments)
        return [Revocation(**row) for row in rows]

    async def newest_id(self) -> int:
        sql = "SELECT coalesce(max(id), 0) AS id FROM revocations"
        rows = await self._database.fetch("revocations_newest", sql)
        return int(rows[0]["id"])

    async def wait(self, seen: int) -> int | None:
        if seen == self._mark and not self._closed:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), POLL_SECONDS)
        return None if self._closed else self._mark

    def close(self) -> None:
        """Let everybody go who waits; they come back to another replica."""
        self._closed = True
        self._changed.set()

    async def listen(self) -> None:
        """Hear notifications until cancelled; a database that is away is waited for."""
        reconnect: Backoff[str] = Backoff(Delays(0.1, 5.0))
        while True:
            try:
                async with self._connected() as connection:
                    reconnect.succeeded(REVOKED_CHANNEL)
                    await self._hear(connection)
            except _AWAY as error:
                delay = reconnect.failed(REVOKED_CHANNEL)
                logs.get(__name__).warning(
                    "revocations are not heard", reason=repr(error), retry_in=delay
                )
                await asyncio.sleep(delay)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Connection]:
        connection = await asyncpg.connect(
            self._url, timeout=_CONNECT_SECONDS, command_timeout=_CONNECT_SECONDS
        )
        try:
            yield connection
        finally:
            connection.terminate()

    async def _hear(self, connection: Connection) -> None:
        await connection.add_listener(REVOKED_CHANNEL, lambda *_: self._tell())
        while True:
            self._tell()  # what came before the listener did
            await asyncio.sleep(_CHECK_SECONDS)
            await connection.execute("SELECT")

    def _tell(self) -> None:
        self._mark += 1
        self._changed.set()
        self._changed = asyncio.Event()
