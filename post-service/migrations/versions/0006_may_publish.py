"""Whether an author may publish is asked within the statement that inserts the post."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the function; the lock is the one that versions without it take in a statement."""
    op.execute("""
        -- VOLATILE: the second statement has a snapshot of its own and sees what was committed
        -- while the first one waited for the deletion of the author.
        CREATE FUNCTION may_publish(author bigint) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
        BEGIN
            PERFORM pg_advisory_xact_lock_shared(1, hashint8(author));
            RETURN NOT EXISTS (SELECT FROM deleted_authors WHERE author_id = author);
        END $$;
    """)


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP FUNCTION may_publish")
