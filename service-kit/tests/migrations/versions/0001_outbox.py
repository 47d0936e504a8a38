"""The outbox."""

from alembic import op
from service_kit.migrations import OUTBOX_V1_DOWN, OUTBOX_V1_UP

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute(OUTBOX_V1_UP)


def downgrade() -> None:
    op.execute(OUTBOX_V1_DOWN)
