"""What the use cases need from outside; what changes things is in `units`."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from notification_service.domain.fan_out import FanOutJob, Followers
from notification_service.domain.groups import GroupPage, GroupWindow
from notification_service.domain.models import FeedPage, InboxState, Missed, Notification, Window
from notification_service.domain.preferences import Mute, Preferences
from notification_service.domain.provenance import Cause, Delivery, Traces


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

    async def of_many(self, places: Sequence[tuple[int, int]], limit: int) -> list[Followers]:
        """The same for up to 64 pairs of an author's id and another id, in their order."""
        ...


class JobQueue(Protocol):
    """The fan-out jobs that wait, shared by all replicas."""

    async def lease(self, duration: timedelta, most: int) -> list[FanOutJob]:
        """The jobs that have waited longest, for this caller alone until the lease is over.

        The longest first. Posts of one author are delivered one after the other, so that no author
        gets more than a share of the turns. Of those that take a batch of their own, since they
        have reached some followers already or are taken back, one is leased: workers divide them.
        """
        ...

    async def postpone(self, pauses: Sequence[tuple[FanOutJob, timedelta]]) -> None:
        """Give jobs back that could not be worked on, each until a while is over."""
        ...


class Provenance(Protocol):
    """Where notifications come from, and what became of events."""

    async def cause(self, notification: Notification) -> Cause:
        """What a notification was made for."""
        ...

    async def deliveries(self, notification: Notification, limit: int) -> list[Delivery]:
        """To which connections of its owner it went, the first ones first."""
        ...

    async def traces(self, event_id: UUID, user_id: int) -> Traces:
        """What is kept of an event with regard to one person."""
        ...

    async def note(self, deliveries: Sequence[Delivery]) -> None:
        """Remember what was put on the wire, as well as may be: a crash of the database forgets."""
        ...


class Clock(Protocol):
    """The time."""

    def __call__(self) -> datetime:
        """Now, in UTC."""
        ...
