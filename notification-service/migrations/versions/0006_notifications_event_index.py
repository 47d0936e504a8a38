"""Find the notification that an event has made for somebody."""

from alembic import op
from service_kit.migrations import build_index

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Build the index while notifications are written; it grows at its end, as ids of events do."""
    build_index(
        "notifications_event", "ON notifications (event_id, user_id) WHERE event_id IS NOT NULL"
    )


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP INDEX notifications_event")
