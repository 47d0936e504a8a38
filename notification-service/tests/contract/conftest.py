"""The ports twice: in memory and in PostgreSQL. A suite that passes on both holds for both."""

from collections.abc import AsyncIterator

import pytest
from service_kit.config import PostgresSettings
from service_kit.database import Database, open_database

from notification_service.adapters.event_records import event_to_record
from notification_service.adapters.postgres.inboxes import PostgresInboxes
from notification_service.adapters.postgres.jobs import PostgresJobQueue
from notification_service.adapters.postgres.preferences import PostgresPreferences
from notification_service.adapters.postgres.provenance import PostgresProvenance
from notification_service.adapters.postgres.units import CONSUMER, PostgresUnits
from notification_service.application.live import Hub
from notification_service.main import changes_on
from tests.builders import NOW
from tests.contract.stores import Store
from tests.fakes import InMemoryStore


@pytest.fixture(scope="module")
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(database_url, PostgresSettings(), "test") as opened:
        yield opened


@pytest.fixture
async def postgres(database: Database) -> Store:
    """Empty tables in PostgreSQL."""
    await database.fetch(
        "empty",
        "TRUNCATE inboxes, notifications, fanout_jobs, outbox, inbox, preferences, mutes,"
        " skipped, deliveries,"
        " notification_groups, notification_group_actors"
        " RESTART IDENTITY",
    )
    hub = Hub(lambda: NOW)
    units = PostgresUnits(database, changes_on, event_to_record, lambda: None, hub)
    queue, preferences = PostgresJobQueue(database), PostgresPreferences(database)
    provenance = PostgresProvenance(database, CONSUMER)
    return Store(PostgresInboxes(database), units, queue, preferences, provenance, hub)


@pytest.fixture
def memory() -> Store:
    """Empty tables in memory."""
    hub = Hub(lambda: NOW)
    kept = InMemoryStore(hub)
    return Store(kept, kept, kept, kept, kept, hub)


@pytest.fixture(params=["memory", "postgres"])
def store(request: pytest.FixtureRequest) -> Store:
    """Each of the two, in turn."""
    chosen: Store = request.getfixturevalue(request.param)
    return chosen
