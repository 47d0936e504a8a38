"""How far an owner has looked, and what is archived."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add both, and their counts. Nobody has looked at anything yet: what is unread is unseen."""
    op.execute("""
        ALTER TABLE notifications ADD COLUMN archived_at timestamptz;
        CREATE INDEX notifications_archived ON notifications (user_id, seq)
            WHERE archived_at IS NOT NULL;
        ALTER TABLE inboxes
            ADD COLUMN seen_seq bigint NOT NULL DEFAULT 0,
            ADD COLUMN unseen integer NOT NULL DEFAULT 0,
            ADD COLUMN archived integer NOT NULL DEFAULT 0;
        UPDATE inboxes SET unseen = unread WHERE unread > 0;
        ALTER TABLE inboxes DROP CONSTRAINT inboxes_counts;
        ALTER TABLE inboxes ADD CONSTRAINT inboxes_counts CHECK (
            0 <= unseen AND unseen <= unread AND unread <= total AND 0 <= archived
            AND total + archived <= last_seq);
    """)


def downgrade() -> None:
    """What is archived is back in the feed."""
    op.execute("""
        ALTER TABLE inboxes DROP CONSTRAINT inboxes_counts;
        UPDATE inboxes SET total = total + archived WHERE archived > 0;
        ALTER TABLE inboxes DROP COLUMN seen_seq, DROP COLUMN unseen, DROP COLUMN archived;
        ALTER TABLE inboxes ADD CONSTRAINT inboxes_counts
            CHECK (0 <= unread AND unread <= total AND total <= last_seq);
        ALTER TABLE notifications DROP COLUMN archived_at;
    """)
