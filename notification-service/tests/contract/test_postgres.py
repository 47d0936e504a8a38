"""What only PostgreSQL can show: transactions that run at the same time, and crashes."""

import asyncio
import random
from collections import Counter
from datetime import timedelta

import pytest
from service_kit.database import Database

from notification_service.application.fan_out import FanOut
from notification_service.application.live import Announced
from notification_service.application.publication import Publication
from notification_service.application.units import Units
from notification_service.domain.events import NotificationCreated
from notification_service.domain.models import Target
from tests.builders import RECEPTION, a_draft, a_post, a_post_gone
from tests.contract.crashing import Crash, CrashingUnits
from tests.contract.stores import Store, notifications_of
from tests.fakes import InMemoryFollowership, InMemoryUsers

ANN = 1


async def test_parallel_sends_to_one_inbox_leave_no_gap_and_are_told_in_order(
    postgres: Store,
) -> None:
    notifications = notifications_of(postgres)
    stream = postgres.hub.open(10_000_000)
    await notifications.subscribe(stream, [ANN])
    async with asyncio.TaskGroup() as senders:
        for _ in range(60):
            senders.create_task(notifications.send(a_draft(ANN)))
    missed = await postgres.inboxes.since(ANN, 0, 100)
    assert [one.seq for one in missed.notifications] == list(range(1, 61))
    assert await postgres.counts(ANN) == (60, 60, 60)
    await stream.next(0)  # Subscribed
    told = [await stream.next(0) for _ in range(60)]
    seqs = [frame.event.inbox.last_seq for frame in told if isinstance(frame, Announced)]
    assert seqs == list(range(1, 61))


async def test_parallel_sends_with_one_key_are_one(postgres: Store) -> None:
    notifications = notifications_of(postgres)
    async with asyncio.TaskGroup() as senders:
        tasks = [
            senders.create_task(notifications.send(a_draft(ANN, key="k", actor_id=5)))
            for _ in range(8)
        ]
    assert len({task.result() for task in tasks}) == 1
    assert await postgres.counts(ANN) == (1, 1, 1)


async def test_whatever_happens_at_the_same_time_counts_stay_true_and_nothing_deadlocks(
    postgres: Store, database: Database
) -> None:
    chance = random.Random(7)  # noqa: S311 - the same run each time
    user_ids = list(range(1, 13))

    async def deliver() -> None:
        recipients = chance.sample(user_ids, 8)
        await postgres.deliver(*(a_draft(key, subject="post:1") for key in recipients))

    async def withdraw() -> None:
        some = chance.sample(user_ids, 5)
        async with postgres.units.begin() as unit:
            await unit.inboxes.lock([*some, 3, 9])
            await unit.inboxes.withdraw([Target(key, "post:1") for key in some])
            await unit.inboxes.deliver([a_draft(9), a_draft(3)])

    async def read() -> None:
        async with postgres.units.begin() as unit:
            await unit.marks.mark_all_read(chance.choice(user_ids), None)

    async def expire() -> None:
        async with postgres.units.begin() as unit:
            await unit.remains.expire(timedelta(days=-1), 5)

    async with asyncio.TaskGroup() as everybody:
        for _ in range(25):
            for act in (deliver, withdraw, read, expire):
                everybody.create_task(act())
    wrong = await database.fetch(
        "wrong",
        """
        SELECT user_id FROM inboxes LEFT JOIN notifications AS n USING (user_id)
        GROUP BY user_id
        HAVING total <> count(*) FILTER (WHERE n.id IS NOT NULL AND withdrawn_at IS NULL)
            OR unread <> count(*) FILTER (
                WHERE n.id IS NOT NULL AND withdrawn_at IS NULL AND read_at IS NULL)
            OR last_seq < max(seq)
        """,
    )
    assert wrong == []


async def test_events_are_in_the_outbox_with_their_change_or_not_at_all(
    postgres: Store, database: Database
) -> None:
    (one,) = await postgres.deliver(a_draft(ANN))
    async with postgres.units.begin() as unit:
        read = await unit.marks.mark_read(one)
        assert read is not None
        unit.emit([read])
    async with postgres.units.begin() as unit:
        gone = await unit.inboxes.remove(one)
        assert gone is not None
        unit.emit([gone])
    with pytest.raises(Crash):
        async with CrashingUnits(postgres.units).begin() as unit:
            unit.emit(await unit.inboxes.deliver([a_draft(ANN)]))
    rows = await database.fetch("outbox", "SELECT topic, key, type FROM outbox ORDER BY id")
    assert [tuple(row) for row in rows] == [
        ("notification-events", "1", "notification.created.v1"),
        ("notification-events", "1", "notification.read.v1"),
        ("notification-events", "1", "notification.withdrawn.v1"),
    ]


async def test_an_answer_holds_no_more_payload_than_a_message_can(postgres: Store) -> None:
    payload = b'"' + b"x" * 16_000 + b'"'
    await postgres.deliver(*(a_draft(ANN, payload=payload) for _ in range(300)))
    missed = await postgres.inboxes.since(ANN, 0, 1000)
    size = sum(len(one.payload or b"") for one in missed.notifications)
    assert 4_000_000 < size < 5_000_000
    assert missed.is_truncated
    rest = await postgres.inboxes.since(ANN, missed.notifications[-1].seq, 1000)
    assert rest.notifications[-1].seq == 300


FOLLOWERS = list(range(1, 48))


async def test_a_crash_between_and_within_batches_loses_nothing_and_doubles_nothing(
    postgres: Store, database: Database
) -> None:
    followership = InMemoryFollowership({7: FOLLOWERS})
    await _publish(postgres, 9)
    turns = 0
    while True:
        await database.fetch("lease is over", "UPDATE fanout_jobs SET due_at = now()")
        units = CrashingUnits(postgres.units) if turns % 2 else postgres.units
        users = InMemoryUsers()
        fan_out = FanOut(postgres.queue, users, followership, units, RECEPTION, batch=5)
        try:
            if not await fan_out.turn():
                break
        except Crash:
            pass
        turns += 1
    assert turns == 20 - 1  # ten batches, and all but the last followed by a crash
    assert await _told(database) == dict.fromkeys(FOLLOWERS, 1)
    (row,) = await database.fetch("outbox", "SELECT count(*), count(DISTINCT key) FROM outbox")
    assert tuple(row) == (len(FOLLOWERS), len(FOLLOWERS))


async def test_a_crash_while_posts_are_taken_in_loses_nothing_and_doubles_nothing(
    postgres: Store, database: Database
) -> None:
    followership = InMemoryFollowership({7: FOLLOWERS})
    posts = (a_post(9, 7), a_post(10, 7))
    with pytest.raises(Crash):
        await _publication(postgres, CrashingUnits(postgres.units), followership).apply([posts])
    assert await _told(database) == {}
    publication = _publication(postgres, postgres.units, followership)
    for _ in range(2):
        assert await publication.apply([posts]) == {posts: ()}
    assert await _told(database) == dict.fromkeys(FOLLOWERS, 2)
    assert await postgres.queue.lease(timedelta(), 9) == []


async def test_posts_of_small_authors_are_taken_in_while_workers_tell_of_big_ones(
    postgres: Store, database: Database
) -> None:
    followership = InMemoryFollowership({author: FOLLOWERS for author in range(100, 120)})
    publication = _publication(postgres, postgres.units, followership)
    users = InMemoryUsers()
    fan_out = FanOut(postgres.queue, users, followership, postgres.units, RECEPTION, batch=4)

    async def work() -> None:
        while await fan_out.turn():
            pass

    for author in range(100, 104):
        await _publish(postgres, author, author)
    async with asyncio.TaskGroup() as race:
        for _ in range(3):
            race.create_task(work())
        for author in range(100, 120):
            race.create_task(publication.apply([(a_post(1000 + author, author),)]))
    await work()
    assert await _told(database) == dict.fromkeys(FOLLOWERS, 4 + 20)


def _publication(postgres: Store, units: Units, followership: InMemoryFollowership) -> Publication:
    users = InMemoryUsers()
    fan_out = FanOut(postgres.queue, users, followership, units, RECEPTION, batch=500)
    return Publication(fan_out)


async def test_workers_share_jobs_and_each_follower_is_told_once(
    postgres: Store, database: Database
) -> None:
    followership = InMemoryFollowership({author: FOLLOWERS for author in (101, 102, 103)})
    for author in followership.followers:
        await _publish(postgres, author, author)
    fan_out = FanOut(
        postgres.queue, InMemoryUsers(), followership, postgres.units, RECEPTION, batch=4
    )

    async def work() -> None:
        while await fan_out.turn():
            pass

    async with asyncio.TaskGroup() as workers:
        for _ in range(3):
            workers.create_task(work())
    await work()
    assert await _told(database) == dict.fromkeys(FOLLOWERS, 3)


@pytest.mark.parametrize("batch", [3, 500])
async def test_posts_that_are_deleted_while_they_are_told_are_unread_by_nobody(
    postgres: Store, database: Database, batch: int
) -> None:
    authors = [11, 9, 10]
    followership = InMemoryFollowership(dict.fromkeys(authors, FOLLOWERS))
    for author in authors:
        await _publish(postgres, author, author)
    fan_out = FanOut(
        postgres.queue, InMemoryUsers(), followership, postgres.units, RECEPTION, batch=batch
    )

    async def work() -> None:
        while await fan_out.turn():
            pass

    async def delete() -> None:
        async with postgres.units.begin() as unit:
            await unit.jobs.cancel([a_post_gone(author, author) for author in authors])

    async with asyncio.TaskGroup() as race:
        race.create_task(work())
        race.create_task(delete())
    await work()
    assert await _told(database) == {}


async def test_a_withdrawn_notification_is_announced_with_what_is_left(postgres: Store) -> None:
    created = await postgres.delivered(*(a_draft(ANN, subject="post:1") for _ in range(2)))
    assert all(isinstance(one, NotificationCreated) for one in created)
    async with postgres.units.begin() as unit:
        await unit.inboxes.lock([ANN])
        gone = await unit.inboxes.withdraw([Target(ANN, "post:1")])
    assert [(one.seq, one.inbox.last_seq, one.inbox.unread) for one in gone] == [
        (1, 2, 0),
        (2, 2, 0),
    ]


async def _publish(store: Store, post_id: int, author_id: int = 7) -> None:
    async with store.units.begin() as unit:
        await unit.jobs.add([a_post(post_id, author_id)])


async def _told(database: Database) -> dict[int, int]:
    """How many notifications each user can see."""
    rows = await database.fetch(
        "told", "SELECT user_id FROM notifications WHERE withdrawn_at IS NULL"
    )
    return dict(Counter(row["user_id"] for row in rows))
