"""Whatever happens to inboxes, their journal tells it: folded again, it gives the same inboxes."""

import random

import pytest
from pinstack_proto import topics
from service_kit.database import Database

from notification_service.adapters.event_journal import entries_of
from notification_service.adapters.postgres.replay import open_replay
from notification_service.domain.journal import JournalEntry, Replayed
from notification_service.domain.models import Draft, Held, Notification, Target
from tests.builders import a_draft, a_follow
from tests.contract.stores import Store

PEOPLE = range(1, 6)
SUBJECTS = (None, "post:1", "post:2", "follow:1:2")

ROWS = """
SELECT id, user_id, seq, type, payload, actor_id, subject, idempotency_key, created_at,
       read_at IS NOT NULL AS is_read, withdrawn_at, archived_at, event_id, held
FROM notifications ORDER BY id
"""
GROUPS = """
SELECT user_id, group_key, day, first_seq, last_seq, size, unread, actors FROM notification_groups
WHERE size > 0 ORDER BY user_id, group_key, day
"""
ACTORS = """
SELECT user_id, group_key, day, actor_id, shown FROM notification_group_actors
WHERE shown > 0 ORDER BY user_id, group_key, day, actor_id
"""
COUNTS = """
SELECT user_id, last_seq, unread, total, unseen, seen_seq, archived, closed_at
FROM inboxes ORDER BY user_id
"""


EVERYTHING = (ROWS, COUNTS, GROUPS, ACTORS)


class Life:
    """Things that happen to inboxes by chance."""

    def __init__(self, store: Store, seed: int) -> None:
        self._store = store
        self._chance = random.Random(seed)  # noqa: S311
        self._sent: list[Notification] = []

    async def go_on(self, steps: int) -> None:
        """Let so many things happen."""
        acts = (
            *(self._deliver, self._deliver, self._read, self._read_all, self._remove, self._undo),
            *(self._see, self._archive, self._archive),
        )
        for _ in range(steps):
            await self._chance.choice(acts)()

    async def _deliver(self) -> None:
        people = self._chance.choices(PEOPLE, k=self._chance.randint(1, 8))
        key = self._chance.choice((None, f"key {len(self._sent)}"))
        drafts = [a_draft(one, subject=self._chance.choice(SUBJECTS)) for one in people]
        drafts.append(a_draft(people[0], payload=None, actor_id=9, key=key))
        told = Draft(people[0], a_follow(9, people[0]).content("eve"), held=self._held())
        drafts.append(told)
        self._sent += await self._store.deliver(*drafts)

    def _held(self) -> Held | None:
        held: Held | None = self._chance.choice((None, *Held))
        return held

    async def _read(self) -> None:
        if self._sent:
            async with self._store.units.begin() as unit:
                read = await unit.marks.mark_read(self._chance.choice(self._sent))
                unit.emit([read] if read else [])

    async def _read_all(self) -> None:
        up_to = self._chance.choice((None, self._chance.randint(0, 30)))
        async with self._store.units.begin() as unit:
            read = await unit.marks.mark_all_read(self._chance.choice(PEOPLE), up_to)
            unit.emit([read] if read else [])

    async def _see(self) -> None:
        async with self._store.units.begin() as unit:
            up_to = self._chance.randint(0, 30)
            seen = await unit.marks.mark_seen(self._chance.choice(PEOPLE), up_to)
            unit.emit([seen] if seen else [])

    async def _archive(self) -> None:
        if self._sent:
            async with self._store.units.begin() as unit:
                one, is_archived = self._chance.choice(self._sent), self._chance.random() > 0.3
                changed = await unit.marks.set_archived(one, is_archived=is_archived)
                unit.emit([changed] if changed else [])

    async def _remove(self) -> None:
        if self._sent:
            async with self._store.units.begin() as unit:
                gone = await unit.inboxes.remove(self._chance.choice(self._sent))
                unit.emit([gone] if gone else [])

    async def _undo(self) -> None:
        person, subject = self._chance.choice(PEOPLE), self._chance.choice(SUBJECTS[1:])
        async with self._store.units.begin() as unit:
            await unit.inboxes.lock([person])
            unit.emit(await unit.inboxes.withdraw([Target(person, str(subject))]))


async def replay(url: str, *, times: int = 1, exact: bool = True) -> Replayed:
    """Fold what stands in the outbox, each fact so many times."""
    async with open_replay(url) as rebuilding:
        events = await rebuilding.unsent(topics.NOTIFICATION_EVENTS)
        entries: list[JournalEntry] = []
        for event in events * times:
            entries += entries_of(*event)
        random.Random(1).shuffle(entries)  # noqa: S311
        await rebuilding.add(entries)
        return await rebuilding.finish(exact=exact)


async def seen(database: Database) -> list[list[dict[str, object]]]:
    return [[dict(row) for row in await database.fetch("seen", sql)] for sql in EVERYTHING]


@pytest.mark.parametrize("seed", range(8))
async def test_the_journal_of_any_life_gives_its_inboxes_back(
    postgres: Store, database: Database, database_url: str, seed: int
) -> None:
    await Life(postgres, seed).go_on(60)
    before = await seen(database)
    await database.fetch("lose", "DELETE FROM notifications WHERE id % 3 = 0")
    done = await replay(database_url)
    assert await seen(database) == before
    assert (done.notifications, done.inboxes) == (len(before[0]), len(before[1]))


async def test_facts_that_are_told_twice_are_the_same_facts(
    postgres: Store, database: Database, database_url: str
) -> None:
    await Life(postgres, 100).go_on(40)
    before = await seen(database)
    await replay(database_url, times=3)
    assert await seen(database) == before


async def test_a_closed_inbox_stays_closed_and_empty(
    postgres: Store, database: Database, database_url: str
) -> None:
    (one,) = await postgres.deliver(a_draft(1))
    async with postgres.units.begin() as unit:
        unit.emit(await unit.inboxes.close([1]))
    await replay(database_url)
    assert await postgres.counts(1) == (1, 0, 0)
    assert await postgres.inboxes.get(one.id) is None
    assert await postgres.delivered(a_draft(1)) == []
    assert (await seen(database))[0] == []


async def test_ids_and_seqs_go_on_after_the_largest(
    postgres: Store, database: Database, database_url: str
) -> None:
    before = await postgres.deliver(a_draft(1), a_draft(2), a_draft(1))
    await database.fetch("lose", "TRUNCATE inboxes, notifications RESTART IDENTITY")
    await replay(database_url)
    (after,) = await postgres.deliver(a_draft(1))
    assert (after.id, after.seq) == (max(one.id for one in before) + 1, 3)


async def test_an_empty_journal_leaves_what_is_there(
    postgres: Store, database: Database, database_url: str
) -> None:
    await postgres.deliver(a_draft(1), a_draft(2))
    before = await seen(database)
    async with open_replay(database_url) as rebuilding:
        done = await rebuilding.finish(exact=False)
    assert done.kept == 2
    assert await seen(database) == before


async def test_a_replay_that_fails_has_changed_nothing(
    postgres: Store, database: Database, database_url: str
) -> None:
    await postgres.deliver(a_draft(1))
    before = await seen(database)

    async def fail() -> None:
        async with open_replay(database_url) as rebuilding:
            await rebuilding.finish(exact=True)
            raise ConnectionError

    with pytest.raises(ConnectionError):
        await fail()
    assert await seen(database) == before


@pytest.mark.parametrize(
    ("event_type", "value"),
    [("notification.created.v1", b"\xff"), ("user.deleted.v1", b"\xff\xff")],
)
def test_an_event_that_cannot_be_read_is_named_so(event_type: str, value: bytes) -> None:
    with pytest.raises(ValueError, match=event_type):
        list(entries_of(event_type, value))


def test_events_that_concern_no_inbox_say_nothing() -> None:
    assert list(entries_of("user.updated.v1", b"\xff")) == []
    assert list(entries_of("", b"")) == []
