"""What the use cases need from outside."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Protocol
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
from notification_service.domain.facts import PostGone, PostPublished
from notification_service.domain.fan_out import FanOutJob, Followers
from notification_service.domain.groups import GroupPage, GroupWindow
from notification_service.domain.models import (
    Draft,
    FeedPage,
    InboxState,
    Missed,
    Notification,
    Target,
    Window,
)
from notification_service.domain.preferences import Mute, Preferences


class Inboxes(Protocol):
    """What is in the inboxes. One that is closed shows nothing."""

    async def get(self, notification_id: int) -> Notification | None:
        """The notification, unless it is withdrawn."""
        ...

    async def sent_as(self, actor_id: int | None, idempotency_key: str) -> int | None:
        """The id of what a sender sent under this key, withdrawn or not."""
        ...

    async def feed(self, user_id: int, window: Window) -> FeedPage:
        """A part of an inbox, or of its archive, newest first, without the withdrawn ones."""
        ...

    async def groups(self, user_id: int, window: GroupWindow) -> GroupPage:
        """A part of the feed in groups, each at the place of its newest one.

        In one walk a group keeps the place that it had when the walk began: none comes twice, and
        none is passed over, whatever arrives meanwhile.
        """
        ...

    async def since(self, user_id: int, after_seq: int, limit: int) -> Missed:
        """Up to `limit` notifications that follow a seq, and about 4 MiB of payload at the most."""
        ...

    async def states(self, user_ids: Sequence[int]) -> list[InboxState]:
        """Where each of the inboxes stands, in the order asked."""
        ...


class KeptPreferences(Protocol):
    """What people want to be told."""

    async def of(self, user_ids: Collection[int]) -> Mapping[int, Preferences]:
        """The preferences of those who have said something."""
        ...

    async def mutes(self, user_id: int, after_id: int, limit: int) -> list[Mute]:
        """The first people above an id whom somebody has muted, by id."""
        ...


class Users(Protocol):
    """The people behind the ids."""

    async def usernames(self, user_ids: Collection[int]) -> Mapping[int, str]:
        """Names of those of the ids that exist. Raises `Unavailable` where nobody can tell."""
        ...


class Followership(Protocol):
    """Who follows an author."""

    async def after(self, author_id: int, after_id: int, limit: int) -> Followers:
        """The first `limit` followers with ids above `after_id`. Raises `Unavailable`."""
        ...


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

    async def muting(self, author_id: int, user_ids: Collection[int]) -> set[int]:
        """Those of the users who are not told of an author's posts."""
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

    async def add(self, posts: Sequence[PostPublished]) -> None:
        """Begin to tell the followers of each post; nothing where it is gone already."""
        ...

    async def cancel(self, posts: Sequence[PostGone]) -> None:
        """Tell nobody any more, and begin to take back what was told."""
        ...

    async def advance(self, job: FanOutJob, checkpoint: int, *, is_done: bool) -> bool:
        """Note how far a job is; False where it is no longer at the stage and place it was at."""
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

    async def forget_claims(self, older_than: timedelta, limit: int) -> int:
        """Forget up to `limit` events of others; returns how many."""
        ...


class JobQueue(Protocol):
    """The fan-out jobs that wait, shared by all replicas."""

    async def lease(self, duration: timedelta) -> FanOutJob | None:
        """The job that has waited longest, for this caller alone until the lease is over.

        Posts of one author are delivered one after the other, so that no author gets more than a
        share of the turns.
        """
        ...

    async def postpone(self, job: FanOutJob, delay: timedelta) -> None:
        """Give a job back that could not be worked on, until a while is over."""
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

    async def claim(self, event_ids: Collection[UUID]) -> set[UUID]:
        """Those events of others that have had no effect yet; this unit is their effect."""
        ...

    def emit(self, events: Sequence[Event]) -> None:
        """Announce events, to other services and to live subscribers, when this is committed."""
        ...


class Units(Protocol):
    """Where units of work begin."""

    def begin(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """A unit that commits on a clean exit and rolls back on any exception."""
        ...


class Clock(Protocol):
    """The time."""

    def __call__(self) -> datetime:
        """Now, in UTC."""
        ...
