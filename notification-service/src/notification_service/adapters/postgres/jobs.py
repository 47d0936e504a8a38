"""Fan-out jobs in PostgreSQL, shared by all replicas."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from service_kit.database import Connection, Database, Row, columns

from notification_service.domain.facts import PostGone, PostPublished
from notification_service.domain.fan_out import FanOutJob, Stage

_ADD: Final = """
INSERT INTO fanout_jobs (post_id, author_id, stage, event_id, title, occurred_at, traceparent)
SELECT post_id, author_id, 'delivering', event_id, title, occurred_at, traceparent
FROM unnest($1::bigint[], $2::bigint[], $3::uuid[], $4::text[], $5::timestamptz[], $6::text[])
    AS post (post_id, author_id, event_id, title, occurred_at, traceparent)
ORDER BY post_id
ON CONFLICT (post_id) DO NOTHING
"""
_CANCEL: Final = """
INSERT INTO fanout_jobs AS job (post_id, author_id, stage, event_id)
SELECT post_id, author_id, 'withdrawing', event_id
FROM unnest($1::bigint[], $2::bigint[], $3::uuid[]) AS post (post_id, author_id, event_id)
ORDER BY post_id
ON CONFLICT (post_id) DO UPDATE SET
    stage = excluded.stage, event_id = excluded.event_id, checkpoint = 0, failures = 0,
    due_at = excluded.due_at
"""
_ADVANCE: Final = """
UPDATE fanout_jobs SET
    checkpoint = $4, stage = CASE WHEN $5 THEN 'done' ELSE stage END, failures = 0,
    due_at = clock_timestamp()
WHERE post_id = $1 AND stage = $2 AND checkpoint = $3
RETURNING true
"""
_LEASE: Final = """
UPDATE fanout_jobs SET due_at = clock_timestamp() + $1::interval
WHERE post_id = (
    SELECT post_id FROM fanout_jobs AS job
    WHERE stage <> 'done' AND due_at <= now()
      AND (stage = 'withdrawing' OR NOT EXISTS (
          SELECT FROM fanout_jobs AS earlier
          WHERE earlier.author_id = job.author_id AND earlier.stage = 'delivering'
            AND earlier.post_id < job.post_id))
    ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING post_id, author_id, stage, event_id, title, occurred_at, traceparent, checkpoint, failures
"""
_POSTPONE: Final = """
UPDATE fanout_jobs SET due_at = clock_timestamp() + $4::interval, failures = failures + 1
WHERE post_id = $1 AND stage = $2 AND checkpoint = $3
"""


class PostgresJobQueue:
    """The jobs that wait; one that is leased is due again when its lease is over."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def lease(self, duration: timedelta) -> FanOutJob | None:
        row = await self._database.fetch_row("fanout_lease", _LEASE, duration)
        return None if row is None else job_from_row(row)

    async def postpone(self, job: FanOutJob, delay: timedelta) -> None:
        place = (job.post_id, job.stage, job.checkpoint)
        await self._database.fetch("fanout_postpone", _POSTPONE, *place, delay)


class PostgresJobChanges:
    """What one transaction does to jobs."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, posts: Sequence[PostPublished]) -> None:
        if posts:
            rows = (
                (p.post_id, p.author_id, p.event_id, p.title, p.occurred_at, p.traceparent)
                for p in posts
            )
            await self._connection.execute(_ADD, *columns(rows, 6))

    async def cancel(self, posts: Sequence[PostGone]) -> None:
        if posts:
            rows = ((post.post_id, post.author_id, post.event_id) for post in posts)
            await self._connection.execute(_CANCEL, *columns(rows, 3))

    async def advance(self, job: FanOutJob, checkpoint: int, *, is_done: bool) -> bool:
        place = (job.post_id, job.stage, job.checkpoint)
        return bool(await self._connection.fetchval(_ADVANCE, *place, checkpoint, is_done))


def job_from_row(row: Row) -> FanOutJob:
    """A row of `fanout_jobs` as a job."""
    post = PostPublished(
        row["event_id"],
        row["post_id"],
        row["author_id"],
        row["title"],
        row["occurred_at"],
        row["traceparent"],
    )
    return FanOutJob(
        post_id=row["post_id"],
        author_id=row["author_id"],
        post=post if row["stage"] == Stage.DELIVERING else None,
        checkpoint=row["checkpoint"],
        failures=row["failures"],
    )
