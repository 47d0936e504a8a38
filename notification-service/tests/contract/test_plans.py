"""No list and no look-up reads all notifications or inboxes, at 100,000 of them."""

from datetime import timedelta
from typing import Final
from uuid import uuid4

from service_kit.testing.plans import explained

from notification_service.adapters.postgres.inboxes import PostgresInboxes
from notification_service.adapters.postgres.jobs import PostgresJobQueue
from notification_service.adapters.postgres.provenance import PostgresProvenance
from notification_service.adapters.postgres.units import CONSUMER
from notification_service.domain.models import Window

_INBOXES: Final = """
    INSERT INTO inboxes (user_id, last_seq, unread, total, version)
    SELECT n, 10, 10, 10, 1 FROM generate_series(1, 100000) AS n
"""
_NOTIFICATIONS: Final = """
    INSERT INTO notifications (user_id, seq, type, created_at)
    SELECT 1 + n / 10, 1 + n % 10, 'greeting', now() FROM generate_series(0, 99999) AS n
"""
_TRACES: Final = (
    """
    INSERT INTO inbox (consumer, event_id, type, topic, about_id)
    SELECT 'notification-service', gen_random_uuid(), 'post.created.v1', 'post-events', n
    FROM generate_series(1, 20000) AS n
    """,
    """
    INSERT INTO fanout_jobs (post_id, author_id, stage, event_id)
    SELECT about_id, 7, 'done', event_id FROM inbox
    """,
    """
    INSERT INTO fanout_jobs (post_id, author_id, stage, event_id)
    SELECT 1000000 + n, n % 200, 'delivering', gen_random_uuid()
    FROM generate_series(1, 2000) AS n
    """,
    "INSERT INTO skipped (user_id, event_id, reason) SELECT 77, event_id, 'muted' FROM inbox",
    """
    INSERT INTO deliveries
        (user_id, first_seq, last_seq, connection_id, session_id, carrier, sent_at)
    SELECT 1 + n % 100, n, n, 1, 's', 'sse', now() FROM generate_series(1, 20000) AS n
    """,
)


async def test_notifications_are_found_by_their_indexes(database_url: str) -> None:
    async with explained(database_url, _INBOXES, _NOTIFICATIONS, *_TRACES) as database:
        inboxes = PostgresInboxes(database)
        assert await inboxes.get(500) is not None
        await inboxes.sent_as(7, "key")
        for window in (
            Window(20),
            Window(20, before=5),
            Window(20, unread_only=True),
            Window(20, is_archived=True),
        ):
            await inboxes.feed(77, window)
        await inboxes.since(77, 3, 100)
        await inboxes.states(range(1, 101))
        provenance = PostgresProvenance(database, CONSUMER)
        one = await inboxes.get(500)
        assert one is not None
        await provenance.cause(one)
        await provenance.deliveries(one, 100)
        await provenance.traces(uuid4(), 77)
        jobs = PostgresJobQueue(database)
        leased = await jobs.lease(timedelta(0), 32)
        assert len(leased) == 32
        await jobs.postpone([(job, timedelta(0)) for job in leased])
        database.assert_indexed()
