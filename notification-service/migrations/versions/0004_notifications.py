"""Inboxes, what is in them and in which groups, preferences, fan-out jobs, the event log's ends.

The schema of the first release. It bears the number of the last of the drafts that it has taken the
place of: a database that they made goes on from here.
"""

from alembic import op
from service_kit.migrations import INBOX_V1_DOWN, INBOX_V1_UP, OUTBOX_V1_DOWN, OUTBOX_V1_UP

revision = "0004"
down_revision = None

# Whichever statement changes notifications, the groups change with it, in the same transaction; it
# holds the inbox, so that nobody else counts meanwhile. A group whose key names its only actor has
# no rows in `notification_group_actors`. Counts of a row to be may be negative before the conflict
# is found, which is why no check constraint stands on them.
COUNT = """
    WITH change AS ({source}), moved AS (
        SELECT user_id, group_key, (created_at AT TIME ZONE 'UTC')::date AS day, about_id,
               min(seq) AS first_seq, max(seq) AS last_seq,
               sum(sign * (withdrawn_at IS NULL AND archived_at IS NULL)::int)::int AS shown,
               sum(sign * (withdrawn_at IS NULL AND read_at IS NULL)::int)::int AS unread
        FROM change GROUP BY user_id, group_key, day, about_id
    ), actor AS (
        INSERT INTO notification_group_actors AS actor
            (user_id, group_key, day, actor_id, shown, last_seq)
        SELECT user_id, group_key, day, about_id, shown, last_seq FROM moved
        WHERE shown <> 0 AND group_key <> 'post_created:' || about_id
        ORDER BY user_id, group_key, day, about_id
        ON CONFLICT (user_id, group_key, day, actor_id) DO UPDATE SET
            shown = actor.shown + excluded.shown,
            last_seq = greatest(actor.last_seq, excluded.last_seq)
        RETURNING *
    ), gained AS (
        SELECT user_id, group_key, day,
               sum(CASE actor.shown WHEN 0 THEN -1 WHEN moved.shown THEN 1 ELSE 0 END)::int AS actors
        FROM actor JOIN moved USING (user_id, group_key, day)
        WHERE moved.about_id = actor.actor_id GROUP BY user_id, group_key, day
    )
    INSERT INTO notification_groups AS held
        (user_id, group_key, day, first_seq, last_seq, size, unread, actors)
    SELECT user_id, group_key, day, min(first_seq), max(last_seq), sum(shown), sum(unread),
           coalesce(max(gained.actors), 0)
    FROM moved LEFT JOIN gained USING (user_id, group_key, day)
    GROUP BY user_id, group_key, day HAVING bool_or(shown <> 0 OR unread <> 0)
    ORDER BY user_id, group_key, day
    ON CONFLICT (user_id, group_key, day) DO UPDATE SET
        first_seq = least(held.first_seq, excluded.first_seq),
        last_seq = greatest(held.last_seq, excluded.last_seq),
        size = held.size + excluded.size, unread = held.unread + excluded.unread,
        actors = held.actors + excluded.actors
"""
ADDED = "SELECT *, 1 AS sign FROM added"
REMOVED = "SELECT *, -1 AS sign FROM removed"
TRIGGERS = {
    "INSERT": ("NEW TABLE AS added", ADDED),
    "UPDATE": ("OLD TABLE AS removed NEW TABLE AS added", f"{REMOVED} UNION ALL {ADDED}"),
    "DELETE": ("OLD TABLE AS removed", REMOVED),
}


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
            seen_seq bigint NOT NULL DEFAULT 0,
            unseen integer NOT NULL DEFAULT 0,
            archived integer NOT NULL DEFAULT 0,
            live_seq bigint NOT NULL DEFAULT 0,
            CONSTRAINT inboxes_counts CHECK (
                0 <= unseen AND unseen <= unread AND unread <= total AND 0 <= archived
                AND total + archived <= last_seq)
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
            archived_at timestamptz,
            group_key text NOT NULL DEFAULT '',
            about_id bigint,
            CONSTRAINT notifications_seq UNIQUE (user_id, seq)
        );
        CREATE INDEX notifications_unread ON notifications (user_id, seq)
            WHERE read_at IS NULL AND withdrawn_at IS NULL;
        CREATE INDEX notifications_subject ON notifications (subject, user_id)
            WHERE subject IS NOT NULL AND read_at IS NULL AND withdrawn_at IS NULL;
        CREATE INDEX notifications_withdrawn ON notifications (withdrawn_at)
            WHERE withdrawn_at IS NOT NULL;
        CREATE INDEX notifications_archived ON notifications (user_id, seq)
            WHERE archived_at IS NOT NULL;
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
    make_preferences()
    make_groups()


def make_preferences() -> None:
    """Make what people want to be told of; who is in none of its tables wants everything."""
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
    """)


def make_groups() -> None:
    """Make the groups, and have them counted."""
    op.execute("""
        CREATE TABLE notification_groups (
            user_id bigint NOT NULL,
            group_key text NOT NULL,
            day date NOT NULL,
            first_seq bigint NOT NULL,
            last_seq bigint NOT NULL,
            size integer NOT NULL,
            unread integer NOT NULL,
            actors integer NOT NULL,
            PRIMARY KEY (user_id, group_key, day)
        );
        CREATE INDEX notification_groups_latest ON notification_groups (user_id, last_seq);
        CREATE INDEX notification_groups_empty ON notification_groups (day) WHERE size = 0;
        CREATE TABLE notification_group_actors (
            user_id bigint NOT NULL,
            group_key text NOT NULL,
            day date NOT NULL,
            actor_id bigint NOT NULL,
            shown integer NOT NULL,
            last_seq bigint NOT NULL,
            PRIMARY KEY (user_id, group_key, day, actor_id)
        );
        CREATE INDEX notification_group_actors_latest
            ON notification_group_actors (user_id, group_key, day, last_seq) WHERE shown > 0;
    """)
    for event, (tables, source) in TRIGGERS.items():
        name = f"notification_groups_after_{event.lower()}"
        op.execute(f"""
            CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN {COUNT.format(source=source)}; RETURN NULL; END $$;
            CREATE TRIGGER {name} AFTER {event} ON notifications
                REFERENCING {tables} FOR EACH STATEMENT EXECUTE FUNCTION {name}();
        """)


def downgrade() -> None:
    """Drop the tables."""
    op.execute(INBOX_V1_DOWN)
    op.execute(OUTBOX_V1_DOWN)
    op.execute("DROP TABLE preferences, mutes, fanout_jobs, notifications, inboxes")
    op.execute("DROP TABLE notification_groups, notification_group_actors")
    for event in TRIGGERS:
        op.execute(f"DROP FUNCTION notification_groups_after_{event.lower()}()")
