"""Whose profiles have changed lately, for those who keep profiles."""

from alembic import op
from service_kit.migrations import CHANGES_V1_DOWN, CHANGES_V1_UP

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table, and have it filled by whatever changes a profile. Nobody keeps a new one."""
    op.execute(CHANGES_V1_UP)
    op.execute("""
        CREATE FUNCTION note_profiles() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO changes (key) SELECT id FROM touched; RETURN NULL; END $$;
        CREATE TRIGGER users_note_update AFTER UPDATE ON users
            REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION note_profiles();
        CREATE TRIGGER users_note_delete AFTER DELETE ON users
            REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION note_profiles();
    """)


def downgrade() -> None:
    """Drop both."""
    op.execute("DROP TRIGGER users_note_update ON users; DROP TRIGGER users_note_delete ON users")
    op.execute("DROP FUNCTION note_profiles")
    op.execute(CHANGES_V1_DOWN)
