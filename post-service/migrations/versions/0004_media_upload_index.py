"""Find the media that show an upload."""

from alembic import op
from service_kit.migrations import build_index

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Build the index while posts are written."""
    build_index("media_upload", "ON media (upload_id) WHERE upload_id IS NOT NULL")


def downgrade() -> None:
    """Drop it."""
    op.execute("DROP INDEX media_upload")
