"""notification-service in memory."""

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count

from service_kit.errors import NotFound, PermissionDenied

from api_gateway.domain.notification import (
    Counts,
    FeedFilter,
    Notification,
    NotificationDraft,
)
from api_gateway.domain.page import Page, PageRequest
from tests.fakes.depth import reachable

ARCHIVED_AT = datetime(2026, 1, 3, 3, 4, 5, tzinfo=UTC)


class InMemoryNotifications:
    """The inboxes of the users whose ids are given; cursors are `before:<seq>`."""

    def __init__(self, user_ids: Collection[int]) -> None:
        self.user_ids = set(user_ids)
        self.kept: dict[int, Notification] = {}
        self.seen: dict[int, int] = {}
        self._ids = count(1)
        self._keys: dict[tuple[int, str], int] = {}

    async def send(self, draft: NotificationDraft, *, actor_id: int, idempotency_key: str) -> int:
        if draft.user_id not in self.user_ids:
            raise NotFound("user not found", code="USER_NOT_FOUND")
        known = self._keys.get((actor_id, idempotency_key))
        if idempotency_key and known is not None:
            return known
        sent = Notification(
            id=next(self._ids),
            user_id=draft.user_id,
            type=draft.type,
            is_read=False,
            created_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            seq=1 + sum(one.user_id == draft.user_id for one in self.kept.values()),
            payload=draft.payload,
            actor_id=actor_id,
        )
        self.kept[sent.id] = sent
        self._keys[actor_id, idempotency_key] = sent.id
        return sent.id

    async def get(self, notification_id: int, caller_id: int) -> Notification:
        found = self.kept.get(notification_id)
        if found is None:
            raise NotFound("notification not found", code="NOTIFICATION_NOT_FOUND")
        if found.user_id != caller_id:
            raise PermissionDenied(
                "access to notification denied", code="NOTIFICATION_ACCESS_DENIED"
            )
        return found

    async def feed(
        self, user_id: int, request: PageRequest, *, which: FeedFilter
    ) -> Page[Notification]:
        inbox = [
            one
            for one in reversed(self.kept.values())
            if one.user_id == user_id
            and not (which.unread_only and one.is_read)
            and (one.archived_at is not None) == which.archived
        ]
        start = reachable(request.offset)
        if request.cursor:
            start = [f"before:{one.seq}" for one in inbox].index(request.cursor) + 1
        items = tuple(inbox[start : start + request.limit])
        more = start + request.limit < len(inbox)
        return Page(items, len(inbox), f"before:{items[-1].seq}" if items and more else "")

    async def counts(self, user_id: int) -> Counts:
        mark = self.seen.get(user_id, 0)
        unread = [one for one in self.kept.values() if one.user_id == user_id and not one.is_read]
        return Counts(len(unread), sum(one.seq > mark for one in unread), mark)

    async def mark_seen(self, user_id: int, up_to_seq: int | None) -> tuple[int, int]:
        newest = max((one.seq for one in self.kept.values() if one.user_id == user_id), default=0)
        mark = newest if up_to_seq is None else min(newest, up_to_seq)
        self.seen[user_id] = max(mark, self.seen.get(user_id, 0))
        counts = await self.counts(user_id)
        return counts.unseen, counts.seen_up_to_seq

    async def set_archived(self, notification_id: int, caller_id: int, *, archived: bool) -> bool:
        found = await self.get(notification_id, caller_id)
        changed = (found.archived_at is not None) != archived
        at = ARCHIVED_AT if archived else None
        is_read = found.is_read or archived
        self.kept[found.id] = replace(found, is_read=is_read, archived_at=at)
        return changed

    async def mark_read(self, notification_id: int, caller_id: int) -> bool:
        found = await self.get(notification_id, caller_id)
        self.kept[notification_id] = replace(found, is_read=True)
        return found.is_read

    async def mark_all_read(self, user_id: int, up_to_seq: int | None) -> int:
        unread = [
            one
            for one in self.kept.values()
            if one.user_id == user_id
            and not one.is_read
            and (up_to_seq is None or one.seq <= up_to_seq)
        ]
        self.kept |= {one.id: replace(one, is_read=True) for one in unread}
        return len(unread)

    async def remove(self, notification_id: int, caller_id: int) -> None:
        del self.kept[(await self.get(notification_id, caller_id)).id]
