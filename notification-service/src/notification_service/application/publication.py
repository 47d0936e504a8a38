"""What becomes of posts as they appear: most are told at once, without a job that waits."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from notification_service.application.fan_out import FanOut, steps_of, tell
from notification_service.domain.errors import AppError
from notification_service.domain.facts import PostPublished
from notification_service.domain.fan_out import FanOutJob, Step, told_at_once

MOST_POSTS: Final = 64
"""That are told at once: of so many relation-service tells the followers in one call."""

_PATIENCE_SECONDS: Final = 1.0
"""With services that say whom to tell: events wait behind this one."""

_REST_SECONDS: Final = 5.0
"""After they have failed; workers ask them meanwhile, and wait longer each time."""

Posts: TypeAlias = tuple[PostPublished, ...]


class Publication:
    """Tells followers of posts in the transaction that takes the posts in, where they are few.

    Whatever stands in the way of that leaves jobs to `fan_out`.
    """

    def __init__(self, fan_out: FanOut) -> None:
        self._fan_out = fan_out
        self._rests_until = 0.0

    async def apply(self, batches: Sequence[Posts]) -> Mapping[Posts, Posts]:
        """The effect of all of them, or, by raising, of none; posts of one author are in order.

        Returns the posts of each batch that there is work from, for workers.
        """
        posts = {post.event_id: post for batch in batches for post in batch}
        steps = {step.job.post_id: step for step in await self._steps(list(posts.values()))}
        reached = {post_id: step.advance.checkpoint for post_id, step in steps.items()}
        async with self._fan_out.units.begin() as unit:
            claimed = await unit.claim(posts.values())
            fresh = [post for event_id, post in posts.items() if event_id in claimed]
            told = await unit.jobs.add(fresh, reached)
            await tell(unit, self._fan_out.reception, [steps[one] for one in steps if one in told])
        left = {post.post_id for post in fresh} - told
        return {batch: tuple(one for one in batch if one.post_id in left) for batch in batches}

    async def _steps(self, posts: Sequence[PostPublished]) -> list[Step]:
        """Whom to tell at once; nobody where it is not known in time."""
        clock, fan_out = asyncio.get_running_loop().time, self._fan_out
        if clock() < self._rests_until:
            return []
        jobs = [FanOutJob(one.post_id, one.author_id, one) for one in posts[:MOST_POSTS]]
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                steps = await steps_of(jobs, fan_out.users, fan_out.followership, fan_out.batch)
        except (AppError, TimeoutError):
            self._rests_until = clock() + _REST_SECONDS
            return []
        return told_at_once(steps, fan_out.batch)
