"""Whatever one does to inboxes, in whatever order, they are as a list of notifications says."""

from typing import ClassVar

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from service_kit.config import PostgresSettings
from service_kit.database import open_database

from notification_service.adapters.event_records import event_to_record
from notification_service.adapters.postgres.inboxes import PostgresInboxes
from notification_service.adapters.postgres.jobs import PostgresJobQueue
from notification_service.adapters.postgres.preferences import PostgresPreferences
from notification_service.adapters.postgres.provenance import PostgresProvenance
from notification_service.adapters.postgres.units import CONSUMER, PostgresUnits
from notification_service.application.live import Hub
from notification_service.main import changes_on
from tests.builders import NOW
from tests.contract.inbox_machine import Inboxes
from tests.contract.stores import Store

_EMPTY = """
TRUNCATE inboxes, notifications, outbox, inbox, notification_groups, notification_group_actors
"""


class PostgresStore(Inboxes):
    """The same in PostgreSQL."""

    url: ClassVar[str]

    async def _make(self) -> Store:
        pool = PostgresSettings(pool_min=1, pool_max=2)
        database = await self.stack.enter_async_context(open_database(self.url, pool, "test"))
        await database.fetch("empty", _EMPTY)
        hub = Hub(lambda: NOW)
        units = PostgresUnits(database, changes_on, event_to_record, lambda: None, hub)
        queue, preferences = PostgresJobQueue(database), PostgresPreferences(database)
        provenance = PostgresProvenance(database, CONSUMER)
        return Store(PostgresInboxes(database), units, queue, preferences, provenance, hub)


def _explore(machine: type[Inboxes], examples: int) -> None:
    chosen = settings(
        max_examples=examples,
        stateful_step_count=25,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=chosen)


def test_inboxes_in_memory_are_as_a_list_of_notifications_says() -> None:
    _explore(Inboxes, 100)


def test_inboxes_in_postgres_are_as_a_list_of_notifications_says(database_url: str) -> None:
    _explore(type("InboxesOfThisFile", (PostgresStore,), {"url": database_url}), 12)
