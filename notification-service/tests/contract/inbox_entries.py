"""What the model of an inbox holds."""

from dataclasses import dataclass

from notification_service.domain.facts import FollowEnded, FollowStarted
from notification_service.domain.models import Target


@dataclass(slots=True)
class Entry:
    """A notification as the model has it."""

    id: int
    subject: str
    is_read: bool = False
    is_gone: bool = False
    is_archived: bool = False

    @property
    def is_unread(self) -> bool:
        return not self.is_read and not self.is_gone


def told_of(batch: list[FollowStarted | FollowEnded]) -> list[Target]:
    """The follows that are left at the end of a batch, in the order in which they began."""
    left: dict[Target, None] = {}
    for fact in batch:
        if isinstance(fact, FollowStarted):
            left.setdefault(fact.target)
        else:
            left.pop(fact.target, None)
    return list(left)
