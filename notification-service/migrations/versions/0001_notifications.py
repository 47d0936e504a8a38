"""Inboxes, what is in them, fan-out jobs, and the two ends of the event log."""

from alembic import op
from service_kit.migrations import INBOX_V1_DOWN, INBOX_V1_UP, OUTBOX_V1_DOWN, OUTBOX_V1_UP

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables.

    An inbox is a row that every change of it updates, which keeps seqs gap-free and in the order of
    commits; room in its page keeps those updates from touching the index.
    """
    op.execute("""
        CREATE TABLE inboxes (
            user_id bigint PRIMARY KEY,
            last_seq bigint NOT NULL DEFAULT 0,
            unread integer NOT NULL DEFAULT 0,
            total integer NOT NULL DEFAULT 0,
            version bigint NOT NULL DEFAULT 0,
            closed_at timestamptz,
            is_emptied boolean NOT NULL DEFAULT false,
            CONSTRAINT inboxes_counts CHECK (0 <= unread AND unread <= total AND total <= last_seq)
        ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
        CREATE INDEX inboxes_to_empty ON inboxes (user_id)
            WHERE closed_at IS NOT NULL AND NOT is_emptied;
    """)
    op.execute("""
        CREATE TABLE notifications (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            user_id bigint NOT NULL,
            seq bigint NOT NULL,
            type text NOT NULL,
            payload text,
            actor_id bigint,
            subject text,
            idempotency_key text,
            created_at timestamptz NOT NULL,
            read_at timestamptz,
            withdrawn_at timestamptz,
            CONSTRAINT notifications_seq UNIQUE (user_id, seq)
        );
        CREATE INDEX notifications_unread ON notifications (user_id, seq)
            WHERE read_at IS NULL AND withdrawn_at IS NULL;
        CREATE INDEX notifications_subject ON notifications (subject, user_id)
            WHERE subject IS NOT NULL AND read_at IS NULL AND withdrawn_at IS NULL;
        CREATE INDEX notifications_withdrawn ON notifications (withdrawn_at)
            WHERE withdrawn_at IS NOT NULL;
        CREATE UNIQUE INDEX notifications_idempotency_key
            ON notifications (coalesce(actor_id, 0), idempotency_key)
            WHERE idempotency_key IS NOT NULL;
    """)
    op.execute("""
        CREATE TABLE fanout_jobs (
            post_id bigint PRIMARY KEY,
            author_id bigint NOT NULL,
            stage text NOT NULL,
            event_id uuid NOT NULL,
            title text NOT NULL DEFAULT '',
            occurred_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            traceparent text NOT NULL DEFAULT '',
            checkpoint bigint NOT NULL DEFAULT 0,
            failures integer NOT NULL DEFAULT 0,
            due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            CONSTRAINT fanout_jobs_stage CHECK (stage IN ('delivering', 'withdrawing', 'done'))
        ) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
        CREATE INDEX fanout_jobs_due ON fanout_jobs (due_at) WHERE stage <> 'done';
        CREATE INDEX fanout_jobs_author ON fanout_jobs (author_id, post_id)
            WHERE stage = 'delivering';
        CREATE INDEX fanout_jobs_done ON fanout_jobs (due_at) WHERE stage = 'done';
    """)
    op.execute(OUTBOX_V1_UP)
    op.execute(INBOX_V1_UP)


def downgrade() -> None:
    """Drop the tables."""
    op.execute(INBOX_V1_DOWN)
    op.execute(OUTBOX_V1_DOWN)
    op.execute("DROP TABLE fanout_jobs; DROP TABLE notifications; DROP TABLE inboxes")
