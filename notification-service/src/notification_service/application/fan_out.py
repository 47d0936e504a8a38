"""The work of fan-out: turns in which the jobs that have waited longest get on together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from notification_service.application.ports import Followership, JobQueue, Users
from notification_service.application.reception import Reception
from notification_service.application.units import UnitOfWork, Units
from notification_service.domain.errors import AppError, Unavailable
from notification_service.domain.facts import DELETED_USERNAME, post_subject
from notification_service.domain.fan_out import Advance, FanOutJob, Step, transactions_of
from notification_service.domain.models import Target

LEASE: Final = timedelta(seconds=30)
"""After this another worker takes up a job whose worker is gone.

A turn is no more than three transactions of a batch, however many jobs it has: no job that is
leased waits for so long. What is late all the same `advance` finds out.
"""

MOST_JOBS: Final = 32
"""That are leased together: with 20 followers each they share what a transaction costs."""

_PAUSES: Final = tuple(timedelta(seconds=seconds) for seconds in (0.2, 0.5, 1, 2, 5, 10, 30, 60))


@dataclass(frozen=True, slots=True)
class FanOut:
    """Tells followers of posts, up to `batch` of them in one transaction; keeps how far jobs are.

    `failures` are what units of work raise where they fail.
    """

    queue: JobQueue
    users: Users
    followership: Followership
    units: Units
    reception: Reception
    batch: int
    failures: tuple[type[Exception], ...] = (AppError,)

    async def turn(self) -> bool:
        """Let some jobs get on, each by a batch or its share of one; False where none waits.

        A job that fails is given back for a while. Raises what the first one failed with.
        """
        jobs = await self.queue.lease(LEASE, min(MOST_JOBS, self.batch))
        failed = await self._deliver([job for job in jobs if job.post])
        for job in jobs:
            if not job.post:
                failed += await self._withdraw(job)
        if failed:
            raise failed[0]
        return bool(jobs)

    async def _deliver(self, jobs: Sequence[FanOutJob]) -> list[Exception]:
        try:
            steps = await steps_of(jobs, self.users, self.followership, self.batch) if jobs else []
        except AppError as error:
            return await self._postpone(jobs, error)
        failed: list[Exception] = []
        for some in transactions_of(steps, self.batch):
            failed += await self._tell(some)
        return failed

    async def _tell(self, steps: Sequence[Step]) -> list[Exception]:
        """Tell all of them at once, or, where that fails, halves, until it is known which fails."""
        try:
            await self._tell_at_once(steps)
        except self.failures as error:
            if len(steps) == 1 or isinstance(error, Unavailable):  # a database that is away
                return await self._postpone([step.job for step in steps], error)
            middle = len(steps) // 2
            return [*await self._tell(steps[:middle]), *await self._tell(steps[middle:])]
        return []

    async def _tell_at_once(self, steps: Sequence[Step]) -> None:
        async with self.units.begin() as unit:
            advanced = await unit.jobs.advance([step.advance for step in steps])
            await tell(unit, self.reception, [s for s in steps if s.job.post_id in advanced])

    async def _withdraw(self, job: FanOutJob) -> list[Exception]:
        try:
            await self._take_back(job)
        except self.failures as error:
            return await self._postpone([job], error)
        return []

    async def _take_back(self, job: FanOutJob) -> None:
        subject = post_subject(job.post_id)
        async with self.units.begin() as unit:
            holders = await unit.inboxes.holders(subject, job.checkpoint, self.batch)
            reached = holders[-1] if holders else job.checkpoint
            if await unit.jobs.advance([Advance(job, reached, len(holders) < self.batch)]):
                await unit.inboxes.lock(holders)
                targets = [Target(user_id, subject) for user_id in holders]
                unit.emit(await unit.inboxes.withdraw(targets))

    async def _postpone(self, jobs: Sequence[FanOutJob], error: Exception) -> list[Exception]:
        await self.queue.postpone([(job, _pause_after(job.failures + 1)) for job in jobs])
        return [error]


async def steps_of(
    jobs: Sequence[FanOutJob], users: Users, followership: Followership, most: int
) -> list[Step]:
    """Whom to tell what next, up to `most` of the followers for each of the posts.

    One call for all names, and one for all followers. Raises `Unavailable`.
    """
    usernames = await users.usernames({job.author_id for job in jobs})
    places = [(job.author_id, job.checkpoint) for job in jobs]
    followers = await followership.of_many(places, most)
    return [
        Step(job, job.post.content(usernames.get(job.author_id, DELETED_USERNAME)), some)
        for job, some in zip(jobs, followers, strict=True)
        if job.post
    ]


async def tell(unit: UnitOfWork, reception: Reception, steps: Sequence[Step]) -> None:
    """Put the posts of the steps into the inboxes of those followers who want them."""
    told = [(step.job.author_id, draft) for step in steps for draft in step.drafts]
    wanted = await reception.admit(
        unit, [draft for _, draft in told], [author_id for author_id, _ in told]
    )
    unit.emit(await unit.inboxes.deliver(wanted))


def _pause_after(failures: int) -> timedelta:
    return _PAUSES[min(failures, len(_PAUSES)) - 1]
