"""The order in which posts were heard of, as their ids have none."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the column; of the jobs that wait, those come first whose posts were made first.

    A default makes it right for replicas that do not know of it. Jobs that are done need none.
    """
    op.execute("""
        ALTER TABLE fanout_jobs ADD COLUMN arrival bigint;
        CREATE SEQUENCE fanout_jobs_arrival OWNED BY fanout_jobs.arrival;
        ALTER TABLE fanout_jobs ALTER COLUMN arrival SET DEFAULT nextval('fanout_jobs_arrival');
        UPDATE fanout_jobs AS job SET arrival = waiting.arrival
        FROM (
            SELECT post_id, nextval('fanout_jobs_arrival') AS arrival FROM (
                SELECT post_id FROM fanout_jobs WHERE stage = 'delivering'
                ORDER BY occurred_at, post_id) AS ordered) AS waiting
        WHERE job.post_id = waiting.post_id;
    """)


def downgrade() -> None:
    """Drop it with its sequence."""
    op.execute("ALTER TABLE fanout_jobs DROP COLUMN arrival")
