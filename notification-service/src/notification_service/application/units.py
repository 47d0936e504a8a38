"""Units of work: changes that take effect together with their announcement."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from types import MappingProxyType
from typing import Final, Protocol
from uuid import UUID

from notification_service.domain.events import (
    Event,
    NotificationArchived,
    NotificationCreated,
    NotificationsRead,
    NotificationsSeen,
    NotificationWithdrawn,
    UnreadChanged,
)
from notification_service.domain.facts import Fact, PostGone, PostPublished
from notification_service.domain.fan_out import Advance
from notification_service.domain.models import Draft, Notification, Target
from notification_service.domain.preferences import Preferences
from notification_service.domain.provenance import Skipped

_NOBODY: Final[Mapping[int, int]] = MappingProxyType({})


class InboxChanges(Protocol):
    """Changes of inboxes within a unit of work.

    What is changed stays locked until the unit ends, so that seqs have no gap and are in the order
    of commits. Methods that take many users lock them in the order of their ids; a unit that calls
    two such methods calls `lock` for all of them first.
    """

    async def lock(self, user_ids: Collection[int]) -> None:
        """Make others wait who would change these inboxes; makes those that are missing."""
        ...

    async def deliver(self, drafts: Sequence[Draft]) -> list[NotificationCreated]:
        """Put notifications into inboxes, except into closed ones. Raises `AlreadySent`."""
        ...

    async def remove(self, notification: Notification) -> NotificationWithdrawn | None:
        """Make one a tombstone; None where it is one."""
        ...

    async def holders(self, subject: str, after_id: int, limit: int) -> list[int]:
        """The first users above an id, ascending, who have something unread about a subject."""
        ...

    async def withdraw(self, targets: Collection[Target]) -> list[NotificationWithdrawn]:
        """Make what is unread of the targets tombstones; the inboxes are locked before."""
        ...

    async def close(self, user_ids: Collection[int]) -> list[UnreadChanged]:
        """Let inboxes of deleted users show and take nothing from now on."""
        ...


class Marks(Protocol):
    """What becomes of notifications by their owner's doing, within a unit of work.

    The inbox stays locked as with `InboxChanges`.
    """

    async def mark_read(self, notification: Notification) -> NotificationsRead | None:
        """Mark one as read; None where it is so already, or withdrawn."""
        ...

    async def mark_all_read(self, user_id: int, up_to_seq: int | None) -> NotificationsRead | None:
        """Mark all, or all up to a seq, as read; None where none was unread."""
        ...

    async def mark_seen(self, user_id: int, up_to_seq: int | None) -> NotificationsSeen | None:
        """Move the mark to a seq, or to the newest one; None where it is there, or beyond."""
        ...

    async def set_archived(
        self, notification: Notification, *, is_archived: bool
    ) -> NotificationArchived | None:
        """Archive one (it is read then), or take it back; None where it is so, or withdrawn."""
        ...


class PreferenceChanges(Protocol):
    """What people want to be told, within a unit of work."""

    async def of(self, user_ids: Collection[int]) -> Mapping[int, Preferences]:
        """The preferences of those who have said something."""
        ...

    async def muting(self, pairs: Collection[tuple[int, int]]) -> set[tuple[int, int]]:
        """Those of the pairs of a user and an author in which the first has muted the second."""
        ...

    async def replace(self, preferences: Preferences) -> None:
        """Keep these in the place of all that was said; nothing for one whose inbox is closed."""
        ...

    async def mute(self, user_id: int, author_id: int) -> None:
        """Note a mute, once; nothing for one whose inbox is closed."""
        ...

    async def unmute(self, user_id: int, author_id: int) -> bool:
        """Forget a mute; False where there is none."""
        ...


class JobChanges(Protocol):
    """Changes of fan-out jobs within a unit of work."""

    async def add(
        self, posts: Sequence[PostPublished], reached: Mapping[int, int] = _NOBODY
    ) -> set[int]:
        """Begin to tell the followers of each post; nothing where it is gone already.

        `reached` has posts, by id, whose followers this unit can tell, and the last of these. Those
        whose followers it is to tell are returned; their jobs are done. Not so where posts of the
        author that came earlier are still being told.
        """
        ...

    async def cancel(self, posts: Sequence[PostGone]) -> None:
        """Tell nobody any more, and begin to take back what was told."""
        ...

    async def advance(self, moves: Sequence[Advance]) -> set[int]:
        """Note how far jobs are; returns the ids of the posts of those whose progress counts.

        Those don't that are no longer at the stage and place that they were at.
        """
        ...


class Remains(Protocol):
    """What nobody will ask for any more, to be deleted within a unit of work."""

    async def empty_closed(self, limit: int) -> bool:
        """Delete up to `limit` notifications of a closed inbox; False where all are empty."""
        ...

    async def expire(self, older_than: timedelta, limit: int) -> tuple[int, list[UnreadChanged]]:
        """Delete up to `limit` old notifications; returns how many, and whose counts changed."""
        ...

    async def forget_withdrawn(self, older_than: timedelta, limit: int) -> int:
        """Delete up to `limit` tombstones that are old; returns how many."""
        ...

    async def forget_jobs(self, older_than: timedelta, limit: int) -> int:
        """Delete up to `limit` fan-out jobs that were done long ago; returns how many."""
        ...

    async def forget_skipped(self, older_than: timedelta, most: int, limit: int) -> int:
        """Forget up to `limit` reasons, old ones and more than `most`; returns how many."""
        ...

    async def forget_deliveries(self, older_than: timedelta, most: int, limit: int) -> int:
        """The same of what was put on the wire."""
        ...

    async def forget_claims(self, older_than: timedelta, limit: int) -> int:
        """Forget up to `limit` events of others; returns how many."""
        ...


class UnitOfWork(Protocol):
    """Changes that take effect together with their announcement, or not at all."""

    @property
    def inboxes(self) -> InboxChanges:
        """The inboxes."""
        ...

    @property
    def marks(self) -> Marks:
        """What is read, seen and archived."""
        ...

    @property
    def preferences(self) -> PreferenceChanges:
        """What people want to be told."""
        ...

    @property
    def jobs(self) -> JobChanges:
        """The fan-out jobs."""
        ...

    @property
    def remains(self) -> Remains:
        """What is old."""
        ...

    async def claim(self, facts: Collection[Fact]) -> set[UUID]:
        """The events, of those that the facts are of, that have had no effect yet.

        This unit is their effect. Where each comes from is kept.
        """
        ...

    async def skip(self, skipped: Collection[Skipped]) -> None:
        """Note who is not told of an event, and why."""
        ...

    def emit(self, events: Sequence[Event]) -> None:
        """Announce events, to other services and to live subscribers, when this is committed."""
        ...


class Units(Protocol):
    """Where units of work begin."""

    def begin(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """A unit that commits on a clean exit and rolls back on any exception."""
        ...
