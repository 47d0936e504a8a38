"""Posts with their tags and media, authors who are gone, and the outbox that announces changes."""

from alembic import op
from service_kit.migrations import OUTBOX_V1_DOWN, OUTBOX_V1_UP

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables; every list of posts has an index in the list's own order."""
    op.execute("""
        CREATE TABLE posts (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            author_id bigint NOT NULL,
            title text NOT NULL,
            content text NOT NULL,
            idempotency_key text,
            created_at timestamptz NOT NULL DEFAULT statement_timestamp(),
            updated_at timestamptz NOT NULL DEFAULT statement_timestamp(),
            CONSTRAINT posts_idempotency_key UNIQUE (author_id, idempotency_key)
        );
        CREATE INDEX posts_newest ON posts (created_at, id);
        CREATE INDEX posts_newest_of_author ON posts (author_id, created_at, id);

        CREATE TABLE tags (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            name text NOT NULL,
            CONSTRAINT tags_name_key UNIQUE (name)
        );

        -- created_at is the post's, which never changes: so the newest posts of a tag are one range.
        CREATE TABLE post_tags (
            post_id bigint NOT NULL REFERENCES posts ON DELETE CASCADE,
            tag_id bigint NOT NULL REFERENCES tags,
            position smallint NOT NULL,
            created_at timestamptz NOT NULL,
            PRIMARY KEY (post_id, tag_id)
        );
        CREATE INDEX post_tags_newest ON post_tags (tag_id, created_at, post_id);

        CREATE TABLE media (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            post_id bigint NOT NULL REFERENCES posts ON DELETE CASCADE,
            url text NOT NULL,
            type text NOT NULL CONSTRAINT media_type CHECK (type IN ('image', 'video')),
            position smallint NOT NULL CONSTRAINT media_position CHECK (position BETWEEN 1 AND 9),
            description text,
            created_at timestamptz NOT NULL DEFAULT statement_timestamp(),
            CONSTRAINT media_position_key UNIQUE (post_id, position)
        );

        CREATE TABLE deleted_authors (
            author_id bigint PRIMARY KEY,
            deleted_at timestamptz NOT NULL DEFAULT statement_timestamp()
        );
    """)
    op.execute(OUTBOX_V1_UP)


def downgrade() -> None:
    """Drop the tables."""
    op.execute(OUTBOX_V1_DOWN)
    op.execute("DROP TABLE deleted_authors, media, post_tags, tags, posts")
