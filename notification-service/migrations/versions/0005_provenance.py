"""Where notifications come from, who is told of nothing and why, and what was put on the wire."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add columns that may be empty, and two tables that are pruned by age and by size.

    `deliveries` is not worth its write-ahead log: a crash of the server may forget it.
    """
    op.execute("""
        ALTER TABLE notifications ADD COLUMN event_id uuid, ADD COLUMN held text;
        ALTER TABLE inbox
            ADD COLUMN type text,
            ADD COLUMN topic text,
            ADD COLUMN kafka_partition integer,
            ADD COLUMN kafka_offset bigint,
            ADD COLUMN committed_at timestamptz,
            ADD COLUMN published_at timestamptz,
            ADD COLUMN actor_id bigint,
            ADD COLUMN about_id bigint;
        CREATE TABLE skipped (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            user_id bigint NOT NULL,
            event_id uuid NOT NULL,
            reason text NOT NULL,
            noted_at timestamptz NOT NULL DEFAULT clock_timestamp()
        );
        CREATE INDEX skipped_user ON skipped (user_id, event_id);
        CREATE UNLOGGED TABLE deliveries (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            user_id bigint NOT NULL,
            first_seq bigint NOT NULL,
            last_seq bigint NOT NULL,
            connection_id bigint NOT NULL,
            session_id text NOT NULL,
            carrier text NOT NULL,
            sent_at timestamptz NOT NULL,
            noted_at timestamptz NOT NULL DEFAULT clock_timestamp()
        );
        CREATE INDEX deliveries_user ON deliveries (user_id, last_seq);
    """)


def downgrade() -> None:
    """Forget all of it."""
    op.execute("""
        DROP TABLE deliveries;
        DROP TABLE skipped;
        ALTER TABLE inbox
            DROP COLUMN type, DROP COLUMN topic, DROP COLUMN kafka_partition,
            DROP COLUMN kafka_offset, DROP COLUMN committed_at, DROP COLUMN published_at,
            DROP COLUMN actor_id, DROP COLUMN about_id;
        ALTER TABLE notifications DROP COLUMN event_id, DROP COLUMN held;
    """)
