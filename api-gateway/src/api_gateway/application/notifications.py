"""The port onto notification-service, its requests and answers; the live stream has its own."""

from typing import Protocol

from api_gateway.domain.notification import (
    Counts,
    FeedFilter,
    Notification,
    NotificationDraft,
)
from api_gateway.domain.page import Page, PageRequest


class Notifications(Protocol):
    """Inboxes.

    Every method raises `Unavailable` or `DeadlineExceeded` where notification-service is not
    reached. Where a `caller_id` is asked for, PermissionDenied unless it owns the notification,
    and NotFound where there is none.
    """

    async def send(self, draft: NotificationDraft, *, actor_id: int, idempotency_key: str) -> int:
        """Put a notification of a user into an inbox; returns its id.

        The same key, where it is not empty, returns the same id again. Raises NotFound for no such
        user.
        """
        ...

    async def get(self, notification_id: int, caller_id: int) -> Notification:
        """One notification."""
        ...

    async def feed(
        self, user_id: int, request: PageRequest, *, which: FeedFilter
    ) -> Page[Notification]:
        """A page of an inbox, newest first. Raises InvalidArgument for a bad cursor."""
        ...

    async def counts(self, user_id: int) -> Counts:
        """How many notifications of an inbox are unread, and unseen."""
        ...

    async def mark_seen(self, user_id: int, up_to_seq: int | None) -> tuple[int, int]:
        """Note that the owner has looked at all, or at all up to a seq.

        Returns what is unseen afterwards, and how far the owner has looked.
        """
        ...

    async def set_archived(self, notification_id: int, caller_id: int, *, archived: bool) -> bool:
        """Archive one, or take it back into the feed; returns whether that changed it."""
        ...

    async def mark_read(self, notification_id: int, caller_id: int) -> bool:
        """Mark one as read; returns whether it was read before."""
        ...

    async def mark_all_read(self, user_id: int, up_to_seq: int | None) -> int:
        """Mark all, or all up to a seq, as read; returns how many that changed."""
        ...

    async def remove(self, notification_id: int, caller_id: int) -> None:
        """Remove one from the inbox."""
        ...
