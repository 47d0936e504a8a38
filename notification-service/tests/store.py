"""Inboxes, jobs and units of work in memory."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, timedelta
from itertools import takewhile

from notification_service.application.live import Hub
from notification_service.domain.events import Event
from notification_service.domain.fan_out import FanOutJob
from notification_service.domain.groups import Group, GroupPage, GroupWindow
from notification_service.domain.models import FeedPage, InboxState, Missed, Notification, Window
from notification_service.domain.preferences import Mute, Preferences
from tests.provenance import InMemoryProvenance
from tests.tables import Stored, Tables, now
from tests.unit_of_work import InMemoryUnit


class InMemoryStore(InMemoryProvenance):
    """Everything of one process; a unit of work commits all that it did, or nothing."""

    def __init__(self, hub: Hub | None = None) -> None:
        self.tables = Tables()
        self._hub = hub or Hub(now)
        self._turn = asyncio.Lock()

    @property
    def events(self) -> list[Event]:
        """What was announced."""
        return self.tables.events

    async def get(self, notification_id: int) -> Notification | None:
        row = self.tables.rows.get(notification_id)
        if row is None or row.shown.is_withdrawn or row.shown.user_id in self.tables.closed:
            return None
        return row.shown

    async def sent_as(self, actor_id: int | None, idempotency_key: str) -> int | None:
        for row in self.tables.rows.values():
            if (row.shown.actor_id or 0, row.key) == (actor_id or 0, idempotency_key):
                return row.shown.id
        return None

    async def feed(self, user_id: int, window: Window) -> FeedPage:
        rows = [row for row in self._of(user_id) if not row.shown.is_withdrawn]
        rows = [row for row in rows if (row.shown.archived_at is not None) == window.is_archived]
        listed = [row.shown for row in rows if row.is_unread or not window.unread_only]
        newest = [one for one in reversed(listed) if one.seq < (window.before or 2**63 - 1)]
        part = newest[window.offset :][: window.limit]
        return FeedPage(
            tuple(part), len(listed), has_more=len(newest) > window.offset + window.limit
        )

    async def groups(self, user_id: int, window: GroupWindow) -> GroupPage:
        newest = self.tables.inboxes.get(user_id, InboxState(user_id)).last_seq
        top = newest if window.top is None else min(newest, window.top)
        members: dict[tuple[str, date], list[Stored]] = defaultdict(list)
        for row in self._of(user_id):
            members[row.group.key, row.shown.created_at.date()].append(row)
        found = [one for rows in members.values() if (one := group_of(rows, top)) is not None]
        wanted = [
            one
            for one in sorted(found, key=lambda one: -one.position)
            if one.position < (window.before or 2**63) and (one.unread or not window.unread_only)
        ]
        part = tuple(wanted[: window.limit])
        return GroupPage(part, (top, part[-1].position) if len(wanted) > len(part) else None)

    async def since(self, user_id: int, after_seq: int, limit: int) -> Missed:
        if user_id in self.tables.closed:
            return Missed(after_seq, (), InboxState(user_id))
        rest = [row.shown for row in self._of(user_id) if row.shown.seq > after_seq]
        (state,) = await self.states([user_id])
        return Missed(after_seq, tuple(rest[:limit]), state)

    async def states(self, user_ids: Sequence[int]) -> list[InboxState]:
        return [self.tables.inboxes.get(user_id, InboxState(user_id)) for user_id in user_ids]

    async def of(self, user_ids: Collection[int]) -> Mapping[int, Preferences]:
        return await InMemoryUnit(self.tables).of(user_ids)

    async def mutes(self, user_id: int, after_id: int, limit: int) -> list[Mute]:
        found = [
            Mute(author_id, at)
            for (owner, author_id), at in sorted(self.tables.mutes.items())
            if owner == user_id and author_id > after_id
        ]
        return found[:limit]

    async def lease(self, duration: timedelta, most: int) -> list[FanOutJob]:
        waiting = [job for job in self.tables.jobs.values() if self._may_run(job)]
        waiting.sort(key=lambda one: self.tables.due[one.post_id])
        large = [job for job in waiting if job.checkpoint or not job.post]
        leased = [job for job in waiting if job not in large[1:]][:most]
        self.tables.due.update((job.post_id, now() + duration) for job in leased)
        return leased

    async def postpone(self, pauses: Sequence[tuple[FanOutJob, timedelta]]) -> None:
        for job, delay in pauses:
            current = self.tables.jobs[job.post_id]
            if (current.stage, current.checkpoint) == (job.stage, job.checkpoint):
                self.tables.jobs[job.post_id] = replace(current, failures=current.failures + 1)
                self.tables.due[job.post_id] = now() + delay

    @asynccontextmanager
    async def begin(self) -> AsyncIterator["InMemoryUnit"]:
        async with self._turn:
            before, announced = self.tables.copied(), len(self.events)
            try:
                yield InMemoryUnit(self.tables)
            except BaseException:
                self.tables = before
                raise
            turn = self._hub.take_turn(self.events[announced:])
        self._hub.settle(turn, is_committed=True)

    def _of(self, user_id: int) -> list[Stored]:
        if user_id in self.tables.closed:
            return []
        rows = [row for row in self.tables.rows.values() if row.shown.user_id == user_id]
        return sorted(rows, key=lambda row: row.shown.seq)

    def _may_run(self, job: FanOutJob) -> bool:
        done, as_they_came = self.tables.done, self.tables.jobs.values()
        earlier = {
            one.post_id
            for one in takewhile(lambda one: one is not job, as_they_came)
            if one.author_id == job.author_id and one.post
        }
        is_due = job.post_id not in done and self.tables.due[job.post_id] <= now()
        return is_due and (job.post is None or earlier <= done)


def group_of(rows: Sequence[Stored], top: int) -> Group | None:
    """The group of its members, as placed when `top` was the newest; None where it was not."""
    places = [row.shown.seq for row in rows if row.shown.seq <= top]
    shown = [row for row in rows if not row.shown.is_withdrawn and row.shown.archived_at is None]
    if not places or not shown:
        return None
    about = [row.group.about_id for row in reversed(shown) if row.group.about_id is not None]
    actors = list(dict.fromkeys(about))
    unread = sum(row.is_unread for row in shown)
    latest = shown[-1].shown
    return Group(latest, len(shown), unread, tuple(actors[:3]), len(actors), max(places))
