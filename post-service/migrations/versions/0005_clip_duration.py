"""How long a clip is."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column; a constant default rewrites no row."""
    op.execute("ALTER TABLE uploads ADD COLUMN duration_ms integer NOT NULL DEFAULT 0")


def downgrade() -> None:
    """Drop it."""
    op.execute("ALTER TABLE uploads DROP COLUMN duration_ms")
