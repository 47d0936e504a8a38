"""What the store in memory keeps, and the changes that one unit of work makes to it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from notification_service.domain.errors import AlreadySent
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
from notification_service.domain.fan_out import FanOutJob
from notification_service.domain.groups import Membership, membership
from notification_service.domain.models import Draft, InboxState, Notification, Target
from notification_service.domain.preferences import Preferences


@dataclass(slots=True)
class Stored:
    """A notification with what is not shown of it."""

    shown: Notification
    subject: str | None
    key: str | None
    group: Membership

    @property
    def is_unread(self) -> bool:
        return not self.shown.is_read and not self.shown.is_withdrawn


@dataclass(slots=True)
class Tables:
    """Everything that is kept."""

    rows: dict[int, Stored] = field(default_factory=dict)
    inboxes: dict[int, InboxState] = field(default_factory=dict)
    closed: set[int] = field(default_factory=set)
    jobs: dict[int, FanOutJob] = field(default_factory=dict)
    done: set[int] = field(default_factory=set)
    due: dict[int, datetime] = field(default_factory=dict)
    claims: set[UUID] = field(default_factory=set)
    events: list[Event] = field(default_factory=list)
    preferences: dict[int, Preferences] = field(default_factory=dict)
    mutes: dict[tuple[int, int], datetime] = field(default_factory=dict)


def now() -> datetime:
    return datetime.now(UTC)


class InMemoryUnit:
    """One unit of work; it is all of its parts at once."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    @property
    def inboxes(self) -> "InMemoryUnit":
        return self

    @property
    def marks(self) -> "InMemoryUnit":
        return self

    @property
    def preferences(self) -> "InMemoryUnit":
        return self

    async def of(self, user_ids: Collection[int]) -> Mapping[int, Preferences]:
        kept = self._tables.preferences
        return {user_id: kept[user_id] for user_id in user_ids if user_id in kept}

    async def muting(self, author_id: int, user_ids: Collection[int]) -> set[int]:
        return {user_id for user_id in user_ids if (user_id, author_id) in self._tables.mutes}

    async def replace(self, preferences: Preferences) -> None:
        if preferences.user_id not in self._tables.closed:
            self._tables.preferences[preferences.user_id] = preferences

    async def mute(self, user_id: int, author_id: int) -> None:
        if user_id not in self._tables.closed:
            self._tables.mutes.setdefault((user_id, author_id), now())

    async def unmute(self, user_id: int, author_id: int) -> bool:
        return self._tables.mutes.pop((user_id, author_id), None) is not None

    @property
    def jobs(self) -> "InMemoryUnit":
        return self

    @property
    def remains(self) -> "InMemoryUnit":
        return self

    async def claim(self, event_ids: Collection[UUID]) -> set[UUID]:
        fresh = set(event_ids) - self._tables.claims
        self._tables.claims |= fresh
        return fresh

    def emit(self, events: Sequence[Event]) -> None:
        self._tables.events.extend(events)

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

    async def empty_closed(self, limit: int) -> bool:
        held = [
            k for k, row in self._tables.rows.items() if row.shown.user_id in self._tables.closed
        ]
        for key in held[:limit]:
            del self._tables.rows[key]
        gone = self._tables.closed
        for user_id in gone & set(self._tables.preferences):
            del self._tables.preferences[user_id]
        for pair in [pair for pair in self._tables.mutes if gone & set(pair)]:
            del self._tables.mutes[pair]
        return bool(held)

    async def expire(self, older_than: timedelta, limit: int) -> tuple[int, list[UnreadChanged]]:
        before = now() - older_than
        oldest = list(self._tables.rows.values())[:limit]
        gone = [row for row in oldest if row.shown.created_at < before]
        for row in gone:
            del self._tables.rows[row.shown.id]
        shown = {row.shown.user_id for row in gone if not row.shown.is_withdrawn}
        changed = sorted(shown - self._tables.closed)
        return len(gone), [UnreadChanged(self._recount(user_id)) for user_id in changed]

    async def forget_withdrawn(self, older_than: timedelta, limit: int) -> int:
        dead = [key for key, row in self._tables.rows.items() if row.shown.is_withdrawn]
        dead = dead[:limit] if older_than < timedelta() else []
        for key in dead:
            del self._tables.rows[key]
        return len(dead)

    async def forget_jobs(self, older_than: timedelta, limit: int) -> int:
        done = sorted(self._tables.done)[:limit] if older_than < timedelta() else []
        for post_id in done:
            self._tables.done.discard(post_id)
            del self._tables.jobs[post_id]
        return len(done)

    async def forget_claims(self, older_than: timedelta, limit: int) -> int:
        seen = sorted(self._tables.claims)[:limit] if older_than < timedelta() else []
        self._tables.claims -= set(seen)
        return len(seen)

    async def add(self, posts: Sequence[PostPublished]) -> None:
        for post in posts:
            if post.post_id not in self._tables.jobs:
                self._put(FanOutJob(post.post_id, post.author_id, post))

    async def cancel(self, posts: Sequence[PostGone]) -> None:
        for post in posts:
            self._put(FanOutJob(post.post_id, post.author_id, None))

    async def advance(self, job: FanOutJob, checkpoint: int, *, is_done: bool) -> bool:
        current = self._tables.jobs.get(job.post_id)
        if current is None or job.post_id in self._tables.done:
            return False
        if (current.stage, current.checkpoint) != (job.stage, job.checkpoint):
            return False
        self._put(replace(current, checkpoint=checkpoint, failures=0))
        if is_done:
            self._tables.done.add(job.post_id)
        return True

    def _put(self, job: FanOutJob) -> None:
        self._tables.jobs[job.post_id] = job
        self._tables.done.discard(job.post_id)
        self._tables.due[job.post_id] = now()

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
            live_seq=seq if draft.is_live else state.live_seq,
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
        )
        return NotificationCreated(
            shown,
            state,
            draft.traceparent,
            content.subject,
            draft.idempotency_key,
            draft.is_silent,
        )

    def _check_key(self, draft: Draft) -> None:
        used = {(row.shown.actor_id or 0, row.key) for row in self._tables.rows.values() if row.key}
        if (draft.content.actor_id or 0, draft.idempotency_key) in used:
            raise AlreadySent
