"""Groups of notifications, counted by the statements that change the notifications."""

from alembic import op

revision = "0004"
down_revision = "0003"

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
    """Make the tables, put what is there into groups, and count from now on."""
    op.execute("""
        ALTER TABLE notifications
            ADD COLUMN group_key text NOT NULL DEFAULT '', ADD COLUMN about_id bigint;
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
    op.execute("""
        UPDATE notifications SET about_id = CASE
            WHEN actor_id IS NOT NULL THEN actor_id
            WHEN subject IS NULL OR payload IS NULL THEN NULL
            WHEN type = 'follow_created' THEN (payload::jsonb ->> 'follower_id')::bigint
            WHEN type = 'post_created' THEN (payload::jsonb ->> 'author_id')::bigint END;
        UPDATE notifications SET group_key = CASE
            WHEN actor_id IS NOT NULL THEN 'sent:' || type
            WHEN type = 'post_created' AND about_id IS NOT NULL THEN type || ':' || about_id
            ELSE type END;
    """)
    op.execute(COUNT.format(source="SELECT *, 1 AS sign FROM notifications"))
    for event, (tables, source) in TRIGGERS.items():
        name = f"notification_groups_after_{event.lower()}"
        op.execute(f"""
            CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN {COUNT.format(source=source)}; RETURN NULL; END $$;
            CREATE TRIGGER {name} AFTER {event} ON notifications
                REFERENCING {tables} FOR EACH STATEMENT EXECUTE FUNCTION {name}();
        """)


def downgrade() -> None:
    """Forget the groups."""
    for event in TRIGGERS:
        name = f"notification_groups_after_{event.lower()}"
        op.execute(f"DROP TRIGGER {name} ON notifications; DROP FUNCTION {name}()")
    op.execute("""
        DROP TABLE notification_group_actors;
        DROP TABLE notification_groups;
        ALTER TABLE notifications DROP COLUMN group_key, DROP COLUMN about_id;
    """)
