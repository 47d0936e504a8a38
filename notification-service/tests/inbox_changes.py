"""The changes that one unit of work makes to the inboxes in memory."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from notification_service.domain.errors import AlreadySent
from notification_service.domain.events import (
    NotificationArchived,
    NotificationCreated,
    NotificationsRead,
    NotificationsSeen,
    NotificationWithdrawn,
    UnreadChanged,
)
from notification_service.domain.groups import membership
from notification_service.domain.models import Draft, Held, InboxState, Notification, Target
from tests.tables import Stored, Tables, now


class InMemoryInboxChanges:
    """What a unit does to inboxes, by events and by their owner."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def lock(self, user_ids: Collection[int]) -> None:
        for user_id in user_ids:
            self._tables.inboxes.setdefault(user_id, InboxState(user_id))

    async def deliver(self, drafts: Sequence[Draft]) -> list[NotificationCreated]:
        open_ = [draft for draft in drafts if draft.user_id not in self._tables.closed]
        versions = {draft.user_id: self._state(draft.user_id).version + 1 for draft in open_}
        return [self._store(draft, versions[draft.user_id]) for draft in open_]

    async def mark_read(self, notification: Notification) -> NotificationsRead | None:
        row = self._tables.rows.get(notification.id)
        if row is None or not row.is_unread or notification.user_id in self._tables.closed:
            return None
        row.shown = replace(row.shown, is_read=True)
        state = self._recount(notification.user_id)
        return NotificationsRead(state, (notification.id,), None, 1, now())

    async def mark_all_read(self, user_id: int, up_to_seq: int | None) -> NotificationsRead | None:
        last_seq = self._state(user_id).last_seq
        seq = last_seq if up_to_seq is None else min(up_to_seq, last_seq)
        rows = [row for row in self._unread() if row.shown.user_id == user_id]
        rows = [row for row in rows if row.shown.seq <= seq and user_id not in self._tables.closed]
        if not rows:
            return None
        for row in rows:
            row.shown = replace(row.shown, is_read=True)
        return NotificationsRead(self._recount(user_id), (), seq, len(rows), now())

    async def mark_seen(self, user_id: int, up_to_seq: int | None) -> NotificationsSeen | None:
        state = self._state(user_id)
        seq = state.last_seq if up_to_seq is None else min(up_to_seq, state.last_seq)
        if user_id in self._tables.closed or seq <= state.seen_seq:
            return None
        self._tables.inboxes[user_id] = replace(state, seen_seq=seq)
        return NotificationsSeen(self._recount(user_id), seq, now())

    async def set_archived(
        self, notification: Notification, *, is_archived: bool
    ) -> NotificationArchived | None:
        row = self._tables.rows.get(notification.id)
        if row is None or row.shown.is_withdrawn or notification.user_id in self._tables.closed:
            return None
        if (row.shown.archived_at is not None) == is_archived:
            return None
        at = now()
        is_read = row.shown.is_read or is_archived
        row.shown = replace(row.shown, is_read=is_read, archived_at=at if is_archived else None)
        state = self._recount(notification.user_id)
        return NotificationArchived(notification.id, state, is_archived, at)

    async def remove(self, notification: Notification) -> NotificationWithdrawn | None:
        row = self._tables.rows.get(notification.id)
        if row is None or row.shown.is_withdrawn or notification.user_id in self._tables.closed:
            return None
        return self._bury(row)

    async def holders(self, subject: str, after_id: int, limit: int) -> list[int]:
        found = {row.shown.user_id for row in self._unread() if row.subject == subject}
        return sorted(user_id for user_id in found if user_id > after_id)[:limit]

    async def withdraw(self, targets: Collection[Target]) -> list[NotificationWithdrawn]:
        wanted = {(target.user_id, target.subject) for target in targets}
        rows = [row for row in self._unread() if (row.shown.user_id, row.subject) in wanted]
        open_ = [row for row in rows if row.shown.user_id not in self._tables.closed]
        gone = [self._bury(row) for row in sorted(open_, key=lambda row: row.shown.seq)]
        return [replace(one, inbox=self._state(one.inbox.user_id)) for one in gone]

    async def close(self, user_ids: Collection[int]) -> list[UnreadChanged]:
        fresh = set(user_ids) - self._tables.closed
        self._tables.closed |= fresh
        for user_id in fresh:
            state = self._state(user_id)
            self._tables.inboxes[user_id] = InboxState(
                user_id, state.last_seq, version=state.version + 1, seen_seq=state.seen_seq
            )
        return [UnreadChanged(self._state(user_id)) for user_id in sorted(fresh)]

    def _unread(self) -> list[Stored]:
        return [row for row in self._tables.rows.values() if row.is_unread]

    def _state(self, user_id: int) -> InboxState:
        return self._tables.inboxes.get(user_id, InboxState(user_id))

    def _recount(self, user_id: int) -> InboxState:
        """Where an inbox stands after a change."""
        state = self._state(user_id)
        rows = [row for row in self._tables.rows.values() if row.shown.user_id == user_id]
        shown = [row for row in rows if not row.shown.is_withdrawn]
        unread = [row for row in shown if row.is_unread]
        state = replace(
            state,
            unread=len(unread),
            total=sum(row.shown.archived_at is None for row in shown),
            version=state.version + 1,
            unseen=sum(row.shown.seq > state.seen_seq for row in unread),
            archived=sum(row.shown.archived_at is not None for row in shown),
        )
        self._tables.inboxes[user_id] = state
        return state

    def _bury(self, row: Stored) -> NotificationWithdrawn:
        row.shown = replace(row.shown, is_withdrawn=True, payload=None)
        state = self._recount(row.shown.user_id)
        return NotificationWithdrawn(row.shown.id, row.shown.seq, state, now())

    def _store(self, draft: Draft, version: int) -> NotificationCreated:
        self._check_key(draft)
        state = self._state(draft.user_id)
        seq = state.last_seq + 1
        state = replace(
            state,
            last_seq=seq,
            unread=state.unread + 1,
            total=state.total + 1,
            version=version,
            unseen=state.unseen + 1,
            live_seq=seq if draft.held is not Held.LIVE_OFF else state.live_seq,
        )
        self._tables.inboxes[draft.user_id] = state
        content = draft.content
        id_ = max(self._tables.rows, default=0) + 1
        shown = Notification(
            id_, draft.user_id, seq, content.type, content.payload, content.actor_id, now()
        )
        self._tables.rows[id_] = Stored(
            shown,
            content.subject,
            draft.idempotency_key,
            membership(content.type, content.actor_id, content.subject, content.payload),
            content.event_id,
            draft.held,
        )
        return NotificationCreated(
            shown,
            state,
            draft.traceparent,
            content.subject,
            draft.idempotency_key,
            content.event_id,
            draft.held,
        )

    def _check_key(self, draft: Draft) -> None:
        used = {(row.shown.actor_id or 0, row.key) for row in self._tables.rows.values() if row.key}
        if (draft.content.actor_id or 0, draft.idempotency_key) in used:
            raise AlreadySent
