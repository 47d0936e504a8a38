"""Fan-out jobs in PostgreSQL, shared by all replicas."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from service_kit.database import Connection, Database, Row, columns

from notification_service.domain.facts import PostGone, PostPublished
from notification_service.domain.fan_out import Advance, FanOutJob, Stage

# Posts of an author are told as they are heard of: ids have no order, each replica of post-service
# takes its own from blocks of them. Rows are inserted by ids, so that nobody waits in a circle.
_ADD: Final = """
INSERT INTO fanout_jobs
    (post_id, author_id, stage, event_id, title, occurred_at, traceparent, checkpoint, arrival)
SELECT post_id, author_id, CASE WHEN is_told THEN 'done' ELSE 'delivering' END, event_id, title,
       occurred_at, traceparent, CASE WHEN is_told THEN reached ELSE 0 END, arrival
FROM (
    SELECT nextval('fanout_jobs_arrival') AS arrival, given.*
    FROM unnest($1::bigint[], $2::bigint[], $3::uuid[], $4::text[], $5::timestamptz[], $6::text[],
                $7::bigint[])
        AS given (post_id, author_id, event_id, title, occurred_at, traceparent, reached)
) AS post
CROSS JOIN LATERAL (SELECT reached IS NOT NULL AND NOT EXISTS (
    SELECT FROM fanout_jobs AS earlier
    WHERE earlier.author_id = post.author_id AND earlier.stage = 'delivering') AS is_told) AS told
ORDER BY post_id
ON CONFLICT (post_id) DO NOTHING
RETURNING post_id, stage
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
# Rows are locked in the order of post ids, as they are to add and to cancel.
_ADVANCE: Final = """
WITH place AS (
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::boolean[])
        AS place (post_id, stage, checkpoint, reached, is_done)
), held AS (
    SELECT post_id FROM fanout_jobs WHERE post_id = ANY($1) ORDER BY post_id FOR UPDATE
)
UPDATE fanout_jobs AS job SET
    checkpoint = place.reached, stage = CASE WHEN is_done THEN 'done' ELSE job.stage END,
    failures = 0, due_at = clock_timestamp()
FROM held JOIN place USING (post_id)
WHERE job.post_id = held.post_id AND job.stage = place.stage AND job.checkpoint = place.checkpoint
RETURNING job.post_id
"""
# In two parts, as a limit is on rows and each worker is to have one of the second part.
_WAITING: Final = """
SELECT post_id, due_at FROM fanout_jobs AS job
WHERE {part} AND due_at <= now()
  AND (stage = 'withdrawing' OR NOT EXISTS (
      SELECT FROM fanout_jobs AS earlier
      WHERE earlier.author_id = job.author_id AND earlier.stage = 'delivering'
        AND earlier.arrival < job.arrival))
ORDER BY due_at LIMIT {limit} FOR UPDATE SKIP LOCKED
"""
_LEASE: Final = f"""
WITH fresh AS ({_WAITING.format(part="stage = 'delivering' AND checkpoint = 0", limit="$2")}),
begun AS (
    {_WAITING.format(part="stage <> 'done' AND (stage = 'withdrawing' OR checkpoint > 0)", limit=1)}
), next AS (
    SELECT post_id, due_at AS since FROM (TABLE fresh UNION ALL TABLE begun) AS waiting
    ORDER BY due_at LIMIT $2
), leased AS (
    UPDATE fanout_jobs AS job SET due_at = clock_timestamp() + $1::interval
    FROM next WHERE job.post_id = next.post_id
    RETURNING job.*, since
)
SELECT post_id, author_id, stage, event_id, title, occurred_at, traceparent, checkpoint, failures
FROM leased ORDER BY since, arrival
"""  # noqa: S608
_POSTPONE: Final = """
WITH place AS (
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::interval[])
        AS place (post_id, stage, checkpoint, delay)
), held AS (
    SELECT post_id FROM fanout_jobs WHERE post_id = ANY($1) ORDER BY post_id FOR UPDATE
)
UPDATE fanout_jobs AS job SET due_at = clock_timestamp() + place.delay, failures = failures + 1
FROM held JOIN place USING (post_id)
WHERE job.post_id = held.post_id AND job.stage = place.stage AND job.checkpoint = place.checkpoint
"""
_NOBODY: Final[Mapping[int, int]] = MappingProxyType({})


class PostgresJobQueue:
    """The jobs that wait; one that is leased is due again when its lease is over."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def lease(self, duration: timedelta, most: int) -> list[FanOutJob]:
        rows = await self._database.fetch("fanout_lease", _LEASE, duration, most)
        return [job_from_row(row) for row in rows]

    async def postpone(self, pauses: Sequence[tuple[FanOutJob, timedelta]]) -> None:
        rows = ((job.post_id, job.stage, job.checkpoint, delay) for job, delay in pauses)
        await self._database.fetch("fanout_postpone", _POSTPONE, *columns(rows, 4))


class PostgresJobChanges:
    """What one transaction does to jobs."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(
        self, posts: Sequence[PostPublished], reached: Mapping[int, int] = _NOBODY
    ) -> set[int]:
        if not posts:
            return set()
        rows = (
            (
                *(p.post_id, p.author_id, p.event_id, p.title, p.occurred_at, p.traceparent),
                reached.get(p.post_id),
            )
            for p in posts
        )
        added = await self._connection.fetch(_ADD, *columns(rows, 7))
        return {row["post_id"] for row in added if row["stage"] == Stage.DONE}

    async def cancel(self, posts: Sequence[PostGone]) -> None:
        if posts:
            rows = ((post.post_id, post.author_id, post.event_id) for post in posts)
            await self._connection.execute(_CANCEL, *columns(rows, 3))

    async def advance(self, moves: Sequence[Advance]) -> set[int]:
        rows = (
            (one.job.post_id, one.job.stage, one.job.checkpoint, one.checkpoint, one.is_done)
            for one in moves
        )
        advanced = await self._connection.fetch(_ADVANCE, *columns(rows, 5))
        return {row["post_id"] for row in advanced}


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
