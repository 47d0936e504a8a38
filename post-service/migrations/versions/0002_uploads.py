"""Files that people upload, finished or under way, and objects that are to be deleted."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables."""
    op.execute("""
        CREATE TABLE uploads (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            owner_id bigint NOT NULL,
            digest bytea NOT NULL,
            stem text NOT NULL GENERATED ALWAYS AS
                (to_hex(id) || '-' || left(encode(digest, 'hex'), 32)) STORED,
            content_type text NOT NULL,
            bytes bigint NOT NULL,
            state text NOT NULL DEFAULT 'processing'
                CONSTRAINT uploads_state CHECK (state IN ('processing', 'ready', 'failed')),
            source text[] NOT NULL,
            attempts smallint NOT NULL DEFAULT 0,
            leased_until timestamptz,
            width integer NOT NULL DEFAULT 0,
            height integer NOT NULL DEFAULT 0,
            blurhash text NOT NULL DEFAULT '',
            variants jsonb NOT NULL DEFAULT '[]',
            kept_as_sent boolean NOT NULL DEFAULT false,
            failure text NOT NULL DEFAULT '',
            is_avatar boolean NOT NULL DEFAULT false,
            -- When it goes unless something shows it by then; null while something does.
            expires_at timestamptz DEFAULT statement_timestamp() + interval '1 day',
            created_at timestamptz NOT NULL DEFAULT statement_timestamp(),
            CONSTRAINT uploads_digest UNIQUE (owner_id, digest)
        );
        CREATE UNIQUE INDEX uploads_stem ON uploads (stem);
        CREATE INDEX uploads_waiting ON uploads (id) WHERE state = 'processing';
        CREATE INDEX uploads_expiring ON uploads (expires_at) WHERE expires_at IS NOT NULL;
        CREATE INDEX uploads_source ON uploads USING gin (source) WHERE state = 'processing';

        CREATE TABLE resumable_uploads (
            id text PRIMARY KEY,
            owner_id bigint NOT NULL,
            length bigint NOT NULL,
            offset_bytes bigint NOT NULL DEFAULT 0,
            parts text[] NOT NULL DEFAULT '{}',
            media_id bigint,
            expires_at timestamptz NOT NULL
        );
        CREATE INDEX resumable_uploads_owner ON resumable_uploads (owner_id);
        CREATE INDEX resumable_uploads_expiring ON resumable_uploads (expires_at);

        -- Keys and folders of objects. One stays a while after they are deleted: a process that
        -- was at work on an upload may still write some.
        CREATE TABLE doomed_objects (
            key text PRIMARY KEY,
            doomed_at timestamptz NOT NULL DEFAULT statement_timestamp()
        );
    """)


def downgrade() -> None:
    """Drop the tables."""
    op.execute("DROP TABLE doomed_objects, resumable_uploads, uploads")
