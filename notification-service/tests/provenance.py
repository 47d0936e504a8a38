"""Where notifications come from and where they went, in memory."""

from collections.abc import Sequence
from uuid import UUID

from notification_service.domain.facts import PostPublished
from notification_service.domain.models import Notification
from notification_service.domain.provenance import Cause, Consumed, Delivery, Progress, Traces
from tests.tables import Tables


class InMemoryProvenance:
    """Knows what the tables of a store know."""

    tables: Tables

    async def cause(self, notification: Notification) -> Cause:
        row = self.tables.rows[notification.id]
        event = None if row.event_id is None else consumed(self.tables, row.event_id)
        return Cause(row.event_id, event, row.held)

    async def deliveries(self, notification: Notification, limit: int) -> list[Delivery]:
        found = [
            one
            for one in self.tables.deliveries
            if one.user_id == notification.user_id
            and one.first_seq <= notification.seq <= one.last_seq
        ]
        return sorted(found, key=lambda one: one.sent_at)[:limit]

    async def traces(self, event_id: UUID, user_id: int) -> Traces:
        rows = [
            row
            for row in self.tables.rows.values()
            if (row.event_id, row.shown.user_id) == (event_id, user_id)
        ]
        skipped = [
            one.reason
            for one in self.tables.skipped
            if (one.event_id, one.user_id) == (event_id, user_id)
        ]
        return Traces(
            consumed(self.tables, event_id),
            rows[0].shown.id if rows else None,
            bool(rows) and rows[0].shown.is_withdrawn,
            skipped[0] if skipped else None,
            progress(self.tables, event_id),
        )

    async def note(self, deliveries: Sequence[Delivery]) -> None:
        self.tables.deliveries.extend(deliveries)


def consumed(tables: Tables, event_id: UUID) -> Consumed | None:
    """An event that was taken in."""
    claimed = tables.claims.get(event_id)
    if claimed is None:
        return None
    return Consumed(event_id, claimed.at, claimed.fact.origin, *claimed.fact.ids)


def progress(tables: Tables, event_id: UUID) -> Progress | None:
    """How far the telling of the post is that an event is about."""
    claimed = tables.claims.get(event_id)
    if claimed is None or not isinstance(claimed.fact, PostPublished):
        return None
    job = tables.jobs.get(claimed.fact.post_id)
    if job is None:
        return None
    cause = tables.causes[job.post_id]
    known = tables.claims.get(cause)
    origin = None if known is None else known.fact.origin
    is_telling = job.post is not None and job.post_id not in tables.done
    return Progress(is_telling, job.checkpoint, cause, None if origin is None else origin.type)
