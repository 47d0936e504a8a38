"""What people want to be told, and how far an inbox is to be pushed."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables; who is in none of them wants everything."""
    op.execute("""
        CREATE TABLE preferences (
            user_id bigint PRIMARY KEY,
            in_app_off text[] NOT NULL DEFAULT '{}',
            live_off text[] NOT NULL DEFAULT '{}',
            quiet_from time,
            quiet_to time,
            time_zone text,
            CONSTRAINT preferences_quiet CHECK (num_nulls(quiet_from, quiet_to, time_zone) IN (0, 3))
        );
        CREATE TABLE mutes (
            user_id bigint NOT NULL,
            author_id bigint NOT NULL,
            muted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            PRIMARY KEY (user_id, author_id)
        );
        CREATE INDEX mutes_author ON mutes (author_id, user_id);
        ALTER TABLE inboxes ADD COLUMN live_seq bigint NOT NULL DEFAULT 0;
        UPDATE inboxes SET live_seq = last_seq;
    """)


def downgrade() -> None:
    """Everybody wants everything."""
    op.execute("""
        ALTER TABLE inboxes DROP COLUMN live_seq;
        DROP TABLE mutes;
        DROP TABLE preferences;
    """)
