"""Find whether an author has an earlier post that is still being told."""

from service_kit.migrations import build_index, drop_index

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Build the index while jobs are added, and drop the one by ids of posts."""
    build_index(
        "fanout_jobs_turn", "ON fanout_jobs (author_id, arrival) WHERE stage = 'delivering'"
    )
    drop_index("fanout_jobs_author")


def downgrade() -> None:
    """Bring the index by ids of posts back."""
    build_index(
        "fanout_jobs_author", "ON fanout_jobs (author_id, post_id) WHERE stage = 'delivering'"
    )
    drop_index("fanout_jobs_turn")
