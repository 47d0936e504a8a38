"""What one can do with notifications."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from notification_service.application.live import Stream
from notification_service.application.ports import Inboxes, KeptPreferences, Users
from notification_service.application.reception import Reception
from notification_service.application.units import Units
from notification_service.domain.errors import (
    AccessDenied,
    AlreadySent,
    NotificationNotFound,
    NotificationNotWanted,
    UserNotFound,
)
from notification_service.domain.groups import GroupPage, GroupWindow
from notification_service.domain.models import (
    Draft,
    FeedPage,
    InboxState,
    Missed,
    Notification,
    Window,
)
from notification_service.domain.rules import check_id

MOST_MISSED: Final = 1000
"""Notifications that a client gets at once when it resumes; one that missed more reads its feed."""

SUBSCRIBED_AT_ONCE: Final = 1000
"""Inboxes whose states are read in one query."""


@dataclass(frozen=True, slots=True)
class Notifications:
    """The use cases of notification-service."""

    inboxes: Inboxes
    users: Users
    units: Units
    preferences: KeptPreferences
    reception: Reception

    async def send(self, draft: Draft) -> int:
        """Put a notification into an inbox; returns its id, or the one that the same key made.

        Raises `UserNotFound`, `NotificationNotWanted`, and `Unavailable` where nobody can tell
        whether the user exists.
        """
        earlier = await self._sent(draft)
        if earlier is not None:
            return earlier
        if draft.user_id not in await self.users.usernames([draft.user_id]):
            raise UserNotFound
        try:
            return await self._deliver(draft)
        except AlreadySent:
            earlier = await self._sent(draft)
            if earlier is None:
                raise
            return earlier

    async def get(self, notification_id: int, caller_id: int | None) -> Notification:
        """One notification. Raises `NotificationNotFound`, `AccessDenied`."""
        check_id("notification_id", notification_id)
        notification = await self.inboxes.get(notification_id)
        if notification is None:
            raise NotificationNotFound
        if caller_id not in (None, notification.user_id):
            raise AccessDenied
        return notification

    async def feed(self, user_id: int, window: Window) -> FeedPage:
        """A part of an inbox, newest first."""
        check_id("user_id", user_id)
        return await self.inboxes.feed(user_id, window)

    async def groups(self, user_id: int, window: GroupWindow) -> GroupPage:
        """A part of an inbox in groups."""
        check_id("user_id", user_id)
        return await self.inboxes.groups(user_id, window)

    async def since(self, user_id: int, after_seq: int, limit: int) -> Missed:
        """What follows a seq, tombstones included; `limit` 0, or too large, is 1,000."""
        check_id("user_id", user_id)
        check_id("after_seq", after_seq, least=0)
        check_id("limit", limit, least=0)
        return await self.inboxes.since(user_id, after_seq, min(limit or MOST_MISSED, MOST_MISSED))

    async def state(self, user_id: int) -> InboxState:
        """Where an inbox stands."""
        check_id("user_id", user_id)
        (state,) = await self.inboxes.states([user_id])
        return state

    async def subscribe(self, stream: Stream, user_ids: Sequence[int]) -> None:
        """Let a stream hear of inboxes; it is told where each one stands, and all that follows."""
        for user_id in user_ids:
            check_id("user_ids", user_id)
        for start in range(0, len(user_ids), SUBSCRIBED_AT_ONCE):
            some = list(dict.fromkeys(user_ids[start : start + SUBSCRIBED_AT_ONCE]))
            stream.subscribe(some)
            states, now = await self.inboxes.states(some), self.reception.clock()
            wishes = await self.preferences.of(some)
            quiet = {user_id for user_id, wish in wishes.items() if wish.are_quiet_at(now)}
            stream.acknowledge(states, quiet)

    async def read(self, notification_id: int, caller_id: int | None) -> tuple[bool, InboxState]:
        """Mark one as read; returns whether it was so before, and where the inbox stands.

        Raises `NotificationNotFound`, `AccessDenied`.
        """
        notification = await self.get(notification_id, caller_id)
        if not notification.is_read:
            async with self.units.begin() as unit:
                read = await unit.marks.mark_read(notification)
                if read is not None:
                    unit.emit([read])
                    return False, read.inbox
            await self.get(notification_id, caller_id)  # it may have been removed meanwhile
        return True, await self.state(notification.user_id)

    async def read_all(self, user_id: int, up_to_seq: int | None) -> tuple[int, InboxState]:
        """Mark all, or all up to a seq, as read; returns how many, and where the inbox stands."""
        check_id("user_id", user_id)
        if up_to_seq is not None:
            check_id("up_to_seq", up_to_seq, least=0)
        async with self.units.begin() as unit:
            read = await unit.marks.mark_all_read(user_id, up_to_seq)
            if read is not None:
                unit.emit([read])
                return read.count, read.inbox
        return 0, await self.state(user_id)

    async def mark_seen(self, user_id: int, up_to_seq: int | None) -> InboxState:
        """Note that the owner has looked at all, or at all up to a seq; the mark never goes back.

        Returns where the inbox stands.
        """
        check_id("user_id", user_id)
        if up_to_seq is not None:
            check_id("up_to_seq", up_to_seq, least=0)
        async with self.units.begin() as unit:
            seen = await unit.marks.mark_seen(user_id, up_to_seq)
            if seen is not None:
                unit.emit([seen])
                return seen.inbox
        return await self.state(user_id)

    async def set_archived(
        self, notification_id: int, caller_id: int | None, *, is_archived: bool
    ) -> tuple[bool, InboxState]:
        """Archive one, or take it back; returns whether that changed it, and the inbox's state.

        Raises `NotificationNotFound`, `AccessDenied`.
        """
        notification = await self.get(notification_id, caller_id)
        async with self.units.begin() as unit:
            changed = await unit.marks.set_archived(notification, is_archived=is_archived)
            if changed is not None:
                unit.emit([changed])
                return True, changed.inbox
        await self.get(notification_id, caller_id)  # it may have been removed meanwhile
        return False, await self.state(notification.user_id)

    async def remove(self, notification_id: int, caller_id: int | None) -> InboxState:
        """Remove one; returns where the inbox stands.

        Raises `NotificationNotFound` (the second time too), `AccessDenied`.
        """
        notification = await self.get(notification_id, caller_id)
        async with self.units.begin() as unit:
            removed = await unit.inboxes.remove(notification)
            if removed is None:
                raise NotificationNotFound
            unit.emit([removed])
        return removed.inbox

    async def _sent(self, draft: Draft) -> int | None:
        if draft.idempotency_key is None:
            return None
        return await self.inboxes.sent_as(draft.content.actor_id, draft.idempotency_key)

    async def _deliver(self, draft: Draft) -> int:
        async with self.units.begin() as unit:
            wanted = await self.reception.admit(unit, [draft])
            if not wanted:
                raise NotificationNotWanted
            created = await unit.inboxes.deliver(wanted)
            if not created:
                raise UserNotFound
            unit.emit(created)
        return created[0].notification.id
