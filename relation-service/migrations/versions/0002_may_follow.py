"""Whether a relation may be made is asked within the statement that inserts it."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the function; its locks are those that versions without it take in a statement."""
    op.execute("""
        -- VOLATILE: the second statement has a snapshot of its own and sees what was committed
        -- while the first one waited for the deletion of a user.
        CREATE FUNCTION may_follow(follower bigint, followee bigint) RETURNS boolean
        LANGUAGE plpgsql VOLATILE AS $$
        BEGIN
            PERFORM pg_advisory_xact_lock_shared(follower), pg_advisory_xact_lock_shared(followee);
            RETURN NOT EXISTS (SELECT FROM deleted_users WHERE user_id IN (follower, followee));
        END $$;
    """)


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP FUNCTION may_follow")
