"""Whose posts have changed lately, for those who keep posts."""

from alembic import op
from service_kit.migrations import CHANGES_V1_DOWN, CHANGES_V1_UP

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the table, and have it filled by whatever makes, changes or deletes posts."""
    op.execute(CHANGES_V1_UP)
    op.execute("""
        CREATE FUNCTION note_authors() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO changes (key) SELECT DISTINCT author_id FROM touched;
            RETURN NULL;
        END $$;
        CREATE TRIGGER posts_note_insert AFTER INSERT ON posts
            REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION note_authors();
        CREATE TRIGGER posts_note_update AFTER UPDATE ON posts
            REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION note_authors();
        CREATE TRIGGER posts_note_delete AFTER DELETE ON posts
            REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION note_authors();
    """)


def downgrade() -> None:
    """Drop both."""
    op.execute("""
        DROP TRIGGER posts_note_insert ON posts;
        DROP TRIGGER posts_note_update ON posts;
        DROP TRIGGER posts_note_delete ON posts;
        DROP FUNCTION note_authors;
    """)
    op.execute(CHANGES_V1_DOWN)
