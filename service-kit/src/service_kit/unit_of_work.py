"""A change and its announcement in one transaction."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from service_kit import outbox
from service_kit.database import Connection, Database
from service_kit.outbox import OutboxRecord

Emit = Callable[[OutboxRecord], None]


@asynccontextmanager
async def unit_of_work(
    database: Database, wake: Callable[[], None]
) -> AsyncIterator[tuple[Connection, Emit]]:
    """A transaction and a function that puts an event into the outbox within it.

    Commits on a clean exit and then wakes the relay; rolls back, events included, on any exception.
    """
    records: list[OutboxRecord] = []
    async with database.transaction() as connection:
        yield connection, records.append
        if records:
            await outbox.append(connection, records)
    if records:
        wake()
