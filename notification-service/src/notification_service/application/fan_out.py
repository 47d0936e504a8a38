"""The work of fan-out: turns of one batch each, for the job that has waited longest."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from notification_service.application.ports import Followership, JobQueue, Users
from notification_service.application.reception import Reception
from notification_service.application.units import Units
from notification_service.domain.errors import AppError
from notification_service.domain.facts import DELETED_USERNAME, PostPublished, post_subject
from notification_service.domain.fan_out import FanOutJob
from notification_service.domain.models import Draft, Target

LEASE: Final = timedelta(seconds=30)
"""After this another worker takes up a job whose worker is gone."""

_PAUSES: Final = tuple(timedelta(seconds=seconds) for seconds in (0.2, 0.5, 1, 2, 5, 10, 30, 60))


@dataclass(frozen=True, slots=True)
class FanOut:
    """Tells followers of posts, `batch` of them in one transaction, and remembers how far it is."""

    queue: JobQueue
    users: Users
    followership: Followership
    units: Units
    reception: Reception
    batch: int

    async def turn(self) -> bool:
        """Give one job one batch; returns False where none waits.

        A job that fails is given back for a while. Raises what it failed with.
        """
        job = await self.queue.lease(LEASE)
        if job is None:
            return False
        try:
            await (self._tell(job, job.post) if job.post else self._take_back(job))
        except AppError:
            await self.queue.postpone(job, _pause_after(job.failures + 1))
            raise
        return True

    async def _tell(self, job: FanOutJob, post: PostPublished) -> None:
        usernames = await self.users.usernames([job.author_id])
        followers = await self.followership.after(job.author_id, job.checkpoint, self.batch)
        content = post.content(usernames.get(job.author_id, DELETED_USERNAME))
        reached = followers.ids[-1] if followers.ids else job.checkpoint
        async with self.units.begin() as unit:
            if await unit.jobs.advance(job, reached, is_done=followers.is_last):
                drafts = [
                    Draft(user_id, content, traceparent=post.traceparent)
                    for user_id in followers.ids
                ]
                wanted = await self.reception.admit(unit, drafts, job.author_id)
                unit.emit(await unit.inboxes.deliver(wanted))

    async def _take_back(self, job: FanOutJob) -> None:
        subject = post_subject(job.post_id)
        async with self.units.begin() as unit:
            holders = await unit.inboxes.holders(subject, job.checkpoint, self.batch)
            reached = holders[-1] if holders else job.checkpoint
            if await unit.jobs.advance(job, reached, is_done=len(holders) < self.batch):
                await unit.inboxes.lock(holders)
                targets = [Target(user_id, subject) for user_id in holders]
                unit.emit(await unit.inboxes.withdraw(targets))


def _pause_after(failures: int) -> timedelta:
    return _PAUSES[min(failures, len(_PAUSES)) - 1]
