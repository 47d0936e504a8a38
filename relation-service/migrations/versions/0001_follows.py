"""Relations, the users that can have none any more, and the outbox that announces changes."""

from alembic import op
from service_kit.migrations import OUTBOX_V1_DOWN, OUTBOX_V1_UP

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables; the unique pair serves fan-out, the two others serve the lists."""
    op.execute("""
        CREATE TABLE follows (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            follower_id bigint NOT NULL,
            followee_id bigint NOT NULL,
            created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            CONSTRAINT follows_pair UNIQUE (followee_id, follower_id),
            CONSTRAINT follows_not_self CHECK (follower_id <> followee_id)
        );
        CREATE INDEX follows_followers ON follows (followee_id, id DESC) INCLUDE (follower_id);
        CREATE INDEX follows_followees ON follows (follower_id, id DESC) INCLUDE (followee_id);
        CREATE TABLE deleted_users (
            user_id bigint PRIMARY KEY,
            deleted_at timestamptz NOT NULL DEFAULT clock_timestamp()
        );
    """)
    op.execute(OUTBOX_V1_UP)


def downgrade() -> None:
    """Drop the tables."""
    op.execute(OUTBOX_V1_DOWN)
    op.execute("DROP TABLE deleted_users; DROP TABLE follows")
