"""Inboxes of a store beside a model of them, for Hypothesis to play with."""

import asyncio
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from typing import TypeVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
)

from notification_service.application.live import Announced, Hub, Stream
from notification_service.application.reactions import Reactions
from notification_service.application.use_cases import Notifications
from notification_service.domain.errors import NotificationNotFound
from notification_service.domain.events import NotificationCreated
from notification_service.domain.facts import FollowEnded, FollowStarted
from notification_service.domain.groups import GroupWindow
from notification_service.domain.models import Target, Window
from tests.builders import NOW, RECEPTION, a_draft, a_follow, an_unfollow
from tests.contract.inbox_entries import Entry, told_of
from tests.contract.stores import Store, notifications_of
from tests.fakes import InMemoryStore, InMemoryUsers

T = TypeVar("T")
USERS = st.integers(1, 3)
SUBJECTS = st.sampled_from(["post:1", "post:2"])


class Inboxes(RuleBasedStateMachine):
    """Inboxes of a store beside lists in memory; a list's index is the seq less one."""

    sent = Bundle("sent")
    heard = Bundle("heard")
    """Batches of events, which may be delivered again at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.model: dict[int, list[Entry]] = {1: [], 2: [], 3: []}
        self.seen = {1: 0, 2: 0, 3: 0}
        self.told: dict[int, list[int]] = {1: [], 2: [], 3: []}
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.store, self.notifications, self.stream = self.run(self._open())

    def run(self, work: Awaitable[T]) -> T:
        async def whole() -> T:
            return await work

        return self.runner.run(whole())

    async def _open(self) -> tuple[Store, Notifications, Stream]:
        store = await self._make()
        notifications = notifications_of(store)
        stream = store.hub.open(100_000_000)
        await notifications.subscribe(stream, [1, 2, 3])
        return store, notifications, stream

    async def _make(self) -> Store:
        """The store in memory."""
        hub = Hub(lambda: NOW)
        kept = InMemoryStore(hub)
        return Store(kept, kept, kept, kept, kept, hub)

    def teardown(self) -> None:
        self.run(self.stack.aclose())
        self.runner.close()

    @rule(target=sent, user_ids=st.lists(USERS, min_size=1, max_size=5), subject=SUBJECTS)
    def deliver(self, user_ids: list[int], subject: str) -> object:
        drafts = [a_draft(user_id, subject=subject) for user_id in user_ids]
        made = self.run(self.store.deliver(*drafts))
        for one in made:
            self.model[one.user_id].append(Entry(one.id, subject))
            assert one.seq == len(self.model[one.user_id])
        return multiple(*((one.user_id, one.seq) for one in made))

    @rule(place=sent)
    def read(self, place: tuple[int, int]) -> None:
        entry = self.model[place[0]][place[1] - 1]
        if entry.is_gone:
            with pytest.raises(NotificationNotFound):
                self.run(self.notifications.read(entry.id, None))
            return
        was_read, _ = self.run(self.notifications.read(entry.id, None))
        assert was_read == entry.is_read
        entry.is_read = True

    @rule(place=sent)
    def remove(self, place: tuple[int, int]) -> None:
        entry = self.model[place[0]][place[1] - 1]
        if entry.is_gone:
            with pytest.raises(NotificationNotFound):
                self.run(self.notifications.remove(entry.id, None))
            return
        self.run(self.notifications.remove(entry.id, None))
        entry.is_gone = True

    @rule(user_id=USERS, up_to_seq=st.none() | st.integers(0, 12))
    def read_all(self, user_id: int, up_to_seq: int | None) -> None:
        unread = [entry for entry in self.model[user_id][:up_to_seq] if entry.is_unread]
        count, _ = self.run(self.notifications.read_all(user_id, up_to_seq))
        assert count == len(unread)
        for entry in unread:
            entry.is_read = True

    @rule(user_id=USERS, up_to_seq=st.none() | st.integers(0, 12))
    def see(self, user_id: int, up_to_seq: int | None) -> None:
        newest = len(self.model[user_id])
        mark = newest if up_to_seq is None else min(up_to_seq, newest)
        self.seen[user_id] = max(self.seen[user_id], mark)
        state = self.run(self.notifications.mark_seen(user_id, up_to_seq))
        assert state.seen_seq == self.seen[user_id]

    @rule(place=sent, is_archived=st.booleans())
    def archive(self, place: tuple[int, int], is_archived: bool) -> None:
        entry = self.model[place[0]][place[1] - 1]
        change = self.notifications.set_archived(entry.id, None, is_archived=is_archived)
        if entry.is_gone:
            with pytest.raises(NotificationNotFound):
                self.run(change)
            return
        changed, _ = self.run(change)
        assert changed == (entry.is_archived != is_archived)
        entry.is_archived = is_archived
        entry.is_read = entry.is_read or is_archived

    @rule(user_ids=st.sets(USERS, min_size=1), subject=SUBJECTS)
    def withdraw(self, user_ids: set[int], subject: str) -> None:
        gone = [
            entry
            for user_id in user_ids
            for entry in self.model[user_id]
            if entry.is_unread and entry.subject == subject
        ]
        withdrawn = self.run(self._withdraw([Target(key, subject) for key in user_ids]))
        assert withdrawn == {entry.id for entry in gone}
        for entry in gone:
            entry.is_gone = True

    async def _withdraw(self, targets: list[Target]) -> set[int]:
        async with self.store.units.begin() as unit:
            await unit.inboxes.lock([target.user_id for target in targets])
            events = await unit.inboxes.withdraw(targets)
            unit.emit(events)
        return {event.notification_id for event in events}

    @rule(target=heard, pairs=st.lists(st.tuples(USERS, st.integers(7, 9), st.booleans())))
    def hear(self, pairs: list[tuple[int, int, bool]]) -> object:
        """A batch of events; a follow that is ended in the same batch is told to nobody."""
        batch: list[FollowStarted | FollowEnded] = [
            a_follow(follower, user_id) if begins else an_unfollow(follower, user_id)
            for user_id, follower, begins in pairs
        ]
        self.run(Reactions(InMemoryUsers(), self.store.units, RECEPTION).apply(batch))
        ended = {fact.target for fact in batch if isinstance(fact, FollowEnded)}
        for target in ended:
            for entry in self.model[target.user_id]:
                entry.is_gone |= entry.is_unread and entry.subject == target.subject
        self.run(self._append(told_of(batch)))
        return batch

    async def _append(self, started: list[Target]) -> None:
        """Whom a batch told: the store chose the ids, the model says whose and in which order."""
        for target in started:
            entries = self.model[target.user_id]
            missed = await self.store.inboxes.since(target.user_id, len(entries), 1)
            (made,) = missed.notifications
            entries.append(Entry(made.id, target.subject))

    @rule(batches=st.lists(heard, max_size=3))
    def hear_again(self, batches: list[list[FollowStarted | FollowEnded]]) -> None:
        """What was taken in once has no effect however often it comes, and in whatever company."""
        again = [fact for batch in batches for fact in batch]
        self.run(Reactions(InMemoryUsers(), self.store.units, RECEPTION).apply(again))

    @rule(user_id=USERS)
    def fail(self, user_id: int) -> None:
        with pytest.raises(LookupError):
            self.run(self._deliver_and_fail(user_id))

    async def _deliver_and_fail(self, user_id: int) -> None:
        async with self.store.units.begin() as unit:
            unit.emit(await unit.inboxes.deliver([a_draft(user_id)]))
            raise LookupError

    @invariant()
    def inboxes_are_as_the_model_says(self) -> None:
        self.run(self._compare())

    async def _compare(self) -> None:
        for user_id, entries in self.model.items():
            kept = [entry for entry in entries if not entry.is_gone]
            shown = [entry for entry in kept if not entry.is_archived]
            unread = [entry for entry in entries if entry.is_unread]
            counts = await self.store.counts(user_id)
            assert counts == (len(entries), len(unread), len(shown))
            unseen = [entry for entry in entries[self.seen[user_id] :] if entry.is_unread]
            assert await self.store.unseen(user_id) == (len(unseen), self.seen[user_id])
            for is_archived in (False, True):
                part = [entry for entry in kept if entry.is_archived == is_archived]
                page = await self.store.inboxes.feed(user_id, Window(100, is_archived=is_archived))
                assert [one.id for one in page.notifications] == [one.id for one in reversed(part)]
                assert page.total == len(part)
            await self._compare_groups(user_id, entries)
            missed = await self.store.inboxes.since(user_id, 0, 1000)
            assert [(one.id, one.seq, one.is_withdrawn) for one in missed.notifications] == [
                (entry.id, seq, entry.is_gone) for seq, entry in enumerate(entries, 1)
            ]

    async def _compare_groups(self, user_id: int, entries: list[Entry]) -> None:
        page = await self.store.inboxes.groups(user_id, GroupWindow(100))
        told = {
            one.latest.type: (one.size, one.unread, one.actors, one.position, one.latest.id)
            for one in page.groups
        }
        expected: dict[str, tuple[int, int, int, int, int]] = {}
        for kind in ("follow_created", "greeting"):
            members = [
                (seq, entry)
                for seq, entry in enumerate(entries, 1)
                if entry.subject.startswith("follow:") is (kind == "follow_created")
            ]
            shown = [one for _, one in members if not one.is_gone and not one.is_archived]
            if shown:
                unread = sum(one.is_unread for one in shown)
                followers = {one.subject for one in shown if one.subject.startswith("follow:")}
                newest = members[-1][0]
                expected[kind] = (len(shown), unread, len(followers), newest, shown[-1].id)
        assert told == expected

    @invariant()
    def every_notification_is_told_once_in_order(self) -> None:
        self.run(self._listen())
        for user_id, entries in self.model.items():
            assert self.told[user_id] == [entry.id for entry in entries]

    async def _listen(self) -> None:
        while (frame := await self.stream.next(0)) is not None:
            if isinstance(frame, Announced) and isinstance(frame.event, NotificationCreated):
                self.told[frame.event.inbox.user_id].append(frame.event.notification.id)
