"""Telling the followers of authors about posts, a batch at a time, and taking that back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from notification_service.domain.facts import PostPublished
from notification_service.domain.models import Content, Draft


class Stage(StrEnum):
    """How far a job is."""

    DELIVERING = "delivering"
    WITHDRAWING = "withdrawing"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class FanOutJob:
    """A post whose followers are to be told, or, where `post` is None, to be told no more.

    `checkpoint` is the last user id that is dealt with, `failures` how often in a row it failed.
    """

    post_id: int
    author_id: int
    post: PostPublished | None
    checkpoint: int = 0
    failures: int = 0

    @property
    def stage(self) -> Stage:
        """What is being done."""
        return Stage.DELIVERING if self.post else Stage.WITHDRAWING


@dataclass(frozen=True, slots=True)
class Followers:
    """Ids of followers, ascending; `is_last` where none follow after them."""

    ids: tuple[int, ...]
    is_last: bool

    def first(self, count: int) -> "Followers":
        """Up to so many of them."""
        if len(self.ids) <= count:
            return self
        return Followers(self.ids[:count], is_last=False)


@dataclass(frozen=True, slots=True)
class Advance:
    """A job gets on to a place: the last user id that is dealt with then."""

    job: FanOutJob
    checkpoint: int
    is_done: bool


@dataclass(frozen=True, slots=True)
class Step:
    """Followers who are to be told next of the post of a job, and what they are told."""

    job: FanOutJob
    content: Content
    followers: Followers

    @property
    def advance(self) -> Advance:
        """Where the job is after it."""
        ids = self.followers.ids
        return Advance(self.job, ids[-1] if ids else self.job.checkpoint, self.followers.is_last)

    @property
    def drafts(self) -> list[Draft]:
        """What the followers get."""
        traceparent = self.job.post.traceparent if self.job.post else ""
        return [
            Draft(user_id, self.content, traceparent=traceparent) for user_id in self.followers.ids
        ]


def transactions_of(steps: Sequence[Step], batch: int) -> list[list[Step]]:
    """One or two transactions of up to `batch` drafts each in which every step gets on.

    The first has the steps that end their jobs, as far as it goes, in their order. Those of authors
    with more followers share the second, so that nobody waits for them. Takes up to `batch` steps.
    """
    small: list[Step] = []
    rest: list[Step] = []
    room = batch
    for step in steps:
        size = len(step.followers.ids)
        is_small = step.followers.is_last and size <= room
        (small if is_small else rest).append(step)
        room -= size if is_small else 0
    return [part for part in (small, _sharing(rest, batch)) if part]


def told_at_once(steps: Sequence[Step], most: int) -> list[Step]:
    """Those steps that end their jobs, as far as `most` drafts go, in their order.

    None of an author after one that is left out: posts of one author are told one after the other.
    """
    taken: list[Step] = []
    left_out: set[int] = set()
    for step in steps:
        size = len(step.followers.ids)
        if step.followers.is_last and size <= most and step.job.author_id not in left_out:
            taken.append(step)
            most -= size
        else:
            left_out.add(step.job.author_id)
    return taken


def _sharing(steps: Sequence[Step], room: int) -> list[Step]:
    """The steps, each with an even share of the room; what one does not need the others have."""
    shares: dict[int, Step] = {}
    for taken, step in enumerate(sorted(steps, key=lambda one: len(one.followers.ids))):
        followers = step.followers.first(room // (len(steps) - taken))
        shares[step.job.post_id] = replace(step, followers=followers)
        room -= len(followers.ids)
    return [shares[step.job.post_id] for step in steps]
