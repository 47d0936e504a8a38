"""The changes that one unit of work makes to the store in memory."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from notification_service.domain.events import Event, UnreadChanged
from notification_service.domain.facts import Fact, PostGone, PostPublished
from notification_service.domain.fan_out import Advance, FanOutJob
from notification_service.domain.preferences import Preferences
from notification_service.domain.provenance import Skipped
from tests.inbox_changes import InMemoryInboxChanges
from tests.tables import Claimed, now

_NOBODY: Final[Mapping[int, int]] = MappingProxyType({})


class InMemoryUnit(InMemoryInboxChanges):
    """One unit of work; it is all of its parts at once."""

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

    async def muting(self, pairs: Collection[tuple[int, int]]) -> set[tuple[int, int]]:
        return set(pairs) & set(self._tables.mutes)

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

    async def claim(self, facts: Collection[Fact]) -> set[UUID]:
        known = self._tables.claims
        fresh = {fact.event_id: Claimed(fact, now()) for fact in facts}
        fresh = {event_id: one for event_id, one in fresh.items() if event_id not in known}
        known.update(fresh)
        return set(fresh)

    async def skip(self, skipped: Collection[Skipped]) -> None:
        self._tables.skipped.extend(skipped)

    async def forget_skipped(self, older_than: timedelta, most: int, limit: int) -> int:
        return forget(self._tables.skipped, older_than, most, limit)

    async def forget_deliveries(self, older_than: timedelta, most: int, limit: int) -> int:
        return forget(self._tables.deliveries, older_than, most, limit)

    def emit(self, events: Sequence[Event]) -> None:
        self._tables.events.extend(events)

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
        for event_id in seen:
            del self._tables.claims[event_id]
        return len(seen)

    async def add(
        self, posts: Sequence[PostPublished], reached: Mapping[int, int] = _NOBODY
    ) -> set[int]:
        busy = {
            job.author_id
            for job in self._tables.jobs.values()
            if job.post is not None and job.post_id not in self._tables.done
        }
        fresh = [post for post in posts if post.post_id not in self._tables.jobs]
        told = {one.post_id for one in fresh if one.author_id not in busy} & set(reached)
        for post in fresh:
            self._tables.causes[post.post_id] = post.event_id
            self._put(
                FanOutJob(
                    post.post_id,
                    post.author_id,
                    post,
                    reached[post.post_id] if post.post_id in told else 0,
                )
            )
            if post.post_id in told:
                self._tables.done.add(post.post_id)
        return told

    async def cancel(self, posts: Sequence[PostGone]) -> None:
        for post in posts:
            self._tables.causes[post.post_id] = post.event_id
            self._put(FanOutJob(post.post_id, post.author_id, None))

    async def advance(self, moves: Sequence[Advance]) -> set[int]:
        return {move.job.post_id for move in moves if self._advance(move)}

    def _advance(self, move: Advance) -> bool:
        job, current = move.job, self._tables.jobs.get(move.job.post_id)
        if current is None or job.post_id in self._tables.done:
            return False
        if (current.stage, current.checkpoint) != (job.stage, job.checkpoint):
            return False
        self._put(replace(current, checkpoint=move.checkpoint, failures=0))
        if move.is_done:
            self._tables.done.add(job.post_id)
        return True

    def _put(self, job: FanOutJob) -> None:
        self._tables.jobs[job.post_id] = job
        self._tables.done.discard(job.post_id)
        self._tables.due[job.post_id] = now()


def forget(rows: list[Any], older_than: timedelta, most: int, limit: int) -> int:
    """Delete from a list whose first are the oldest; nothing here is older than a moment."""
    count = len(rows) if older_than < timedelta() else max(0, len(rows) - most)
    gone = min(count, limit)
    del rows[:gone]
    return gone
