"""Users, and the outbox that announces them."""

from alembic import op
from service_kit.migrations import OUTBOX_V1_DOWN, OUTBOX_V1_UP

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables; with trigram indexes for the search where the server has them."""
    op.execute("""
        CREATE TABLE users (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            username text NOT NULL,
            email text NOT NULL,
            full_name text,
            bio text,
            avatar_url text,
            idempotency_key text,
            created_at timestamptz NOT NULL DEFAULT statement_timestamp(),
            updated_at timestamptz NOT NULL DEFAULT statement_timestamp(),
            CONSTRAINT users_idempotency_key UNIQUE (idempotency_key)
        );
        CREATE UNIQUE INDEX users_username_key ON users (lower(username));
        CREATE UNIQUE INDEX users_email_key ON users (lower(email));
    """)
    op.execute("""
        DO $$
        BEGIN
            IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm') THEN
                CREATE EXTENSION IF NOT EXISTS pg_trgm;
                CREATE INDEX users_username_trgm ON users USING gin (lower(username) gin_trgm_ops);
                CREATE INDEX users_full_name_trgm ON users USING gin (lower(full_name) gin_trgm_ops);
                CREATE INDEX users_email_trgm ON users USING gin (lower(email) gin_trgm_ops);
            END IF;
        END
        $$
    """)
    op.execute(OUTBOX_V1_UP)


def downgrade() -> None:
    """Drop the tables; the extension stays, others may use it."""
    op.execute(OUTBOX_V1_DOWN)
    op.execute("DROP TABLE users")
