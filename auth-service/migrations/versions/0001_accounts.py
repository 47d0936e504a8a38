"""Credentials, registrations, sessions, revocations, signing keys, and what happened to them."""

from alembic import op
from service_kit.migrations import INBOX_V1_DOWN, INBOX_V1_UP

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.execute("""
        CREATE TABLE credentials (
            user_id bigint PRIMARY KEY,
            password_hash text NOT NULL,
            version integer NOT NULL DEFAULT 1,
            roles text[] NOT NULL DEFAULT '{user}',
            created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            CONSTRAINT credentials_roles CHECK (roles <@ '{user,staff,admin}' AND 'user' = ANY(roles))
        );
        CREATE TABLE registrations (
            id uuid PRIMARY KEY,
            idempotency_key text,
            username text NOT NULL,
            email text NOT NULL,
            full_name text,
            bio text,
            avatar_url text,
            password_hash text,
            state text NOT NULL DEFAULT 'pending',
            user_id bigint,
            leased_until timestamptz NOT NULL,
            created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            CONSTRAINT registrations_idempotency_key UNIQUE (idempotency_key),
            CONSTRAINT registrations_state CHECK (state IN ('pending', 'withdrawn', 'undoing', 'finished')),
            CONSTRAINT registrations_finished CHECK ((state = 'finished') = (user_id IS NOT NULL))
        );
        CREATE INDEX registrations_overdue ON registrations (leased_until) WHERE state <> 'finished';
        CREATE INDEX registrations_old ON registrations (created_at) WHERE state = 'finished';
        CREATE INDEX registrations_user ON registrations (user_id) WHERE user_id IS NOT NULL;
    """)
    op.execute("""
        CREATE TABLE sessions (
            id uuid PRIMARY KEY,
            user_id bigint NOT NULL REFERENCES credentials ON DELETE CASCADE,
            device text NOT NULL,
            client_address text NOT NULL,
            created_at timestamptz NOT NULL,
            last_used_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            revoked_at timestamptz
        );
        CREATE INDEX sessions_user ON sessions (user_id, last_used_at DESC);
        CREATE INDEX sessions_expired ON sessions (expires_at);
        CREATE INDEX sessions_revoked ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;
        CREATE TABLE refresh_tokens (
            digest bytea PRIMARY KEY,
            session_id uuid NOT NULL REFERENCES sessions ON DELETE CASCADE,
            expires_at timestamptz NOT NULL,
            rotated_at timestamptz
        );
        CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id);
        CREATE INDEX refresh_tokens_expired ON refresh_tokens (expires_at);
        CREATE TABLE revocations (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            user_id bigint NOT NULL,
            session_id uuid,
            revoked_at timestamptz NOT NULL
        );
        CREATE INDEX revocations_old ON revocations (revoked_at);
    """)
    op.execute("""
        CREATE TABLE signing_keys (
            kid text PRIMARY KEY,
            alg text NOT NULL,
            public_jwk text NOT NULL,
            sealed_private_key bytea NOT NULL,
            active_from timestamptz NOT NULL,
            not_after timestamptz
        );
        CREATE UNLOGGED TABLE guesses (
            key bytea PRIMARY KEY,
            free_at timestamptz NOT NULL
        );
        CREATE INDEX guesses_free ON guesses (free_at);
        CREATE TABLE auth_events (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            kind text NOT NULL,
            user_id bigint,
            session_id uuid,
            client_address text,
            device text,
            detail text,
            occurred_at timestamptz NOT NULL DEFAULT clock_timestamp()
        );
        CREATE INDEX auth_events_user ON auth_events (user_id, id);
        CREATE INDEX auth_events_old ON auth_events (occurred_at);
    """)
    op.execute(INBOX_V1_UP)


def downgrade() -> None:
    """Drop the tables."""
    op.execute(INBOX_V1_DOWN)
    op.execute("""
        DROP TABLE auth_events, guesses, signing_keys, revocations, refresh_tokens, sessions,
            registrations, credentials
    """)
