"""The inbox."""

from alembic import op
from service_kit.migrations import INBOX_V1_DOWN, INBOX_V1_UP

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute(INBOX_V1_UP)


def downgrade() -> None:
    op.execute(INBOX_V1_DOWN)
