"""Telling the followers of an author about a post, a batch at a time, and taking it back."""

from dataclasses import dataclass
from enum import StrEnum

from notification_service.domain.facts import PostPublished


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
