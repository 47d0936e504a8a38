"""What goes by itself: closed inboxes, what is old, tombstones."""

from datetime import timedelta

from notification_service.domain.models import Target, Window
from tests.builders import a_draft
from tests.contract.stores import Store

ANY_AGE = timedelta(days=-1)
NO_AGE = timedelta(days=1)


async def test_a_closed_inbox_shows_nothing_and_takes_nothing(store: Store) -> None:
    (one,) = await store.deliver(a_draft(1, subject="post:9"))
    async with store.units.begin() as unit:
        changed = await unit.inboxes.close({1, 2})
        again = await unit.inboxes.close({1, 2})
    assert sorted((one.inbox.user_id, one.inbox.unread) for one in changed) == [(1, 0), (2, 0)]
    assert again == []
    assert [item.user_id for item in await store.deliver(a_draft(1), a_draft(2), a_draft(3))] == [3]
    assert await store.inboxes.get(one.id) is None
    assert (await store.inboxes.feed(1, Window(20))).notifications == ()
    assert (await store.inboxes.since(1, 0, 10)).notifications == ()
    assert (await store.counts(1))[1:] == (0, 0)
    async with store.units.begin() as unit:
        await unit.inboxes.lock([1])
        assert await unit.inboxes.withdraw([Target(1, "post:9")]) == []
        assert await unit.marks.mark_all_read(1, None) is None
        assert await unit.marks.mark_read(one) is None
        assert await unit.inboxes.remove(one) is None


async def test_closed_inboxes_are_emptied_some_at_a_time_and_open_ones_are_not(
    store: Store,
) -> None:
    await store.deliver(*(a_draft(1) for _ in range(5)), a_draft(2), a_draft(3))
    async with store.units.begin() as unit:
        await unit.inboxes.close({1, 2})
    rounds = 0
    while await _empty_some(store, limit=2):
        rounds += 1
        assert rounds < 10
    assert rounds >= 3
    assert await store.counts(3) == (1, 1, 1)
    assert len((await store.inboxes.since(3, 0, 10)).notifications) == 1
    async with store.units.begin() as unit:
        left, _ = await unit.remains.expire(ANY_AGE, 10)
    assert left == 1  # the one of the open inbox


async def _empty_some(store: Store, limit: int) -> bool:
    async with store.units.begin() as unit:
        return await unit.remains.empty_closed(limit)


async def test_what_is_old_is_deleted_and_no_longer_counted(store: Store) -> None:
    sent = await store.deliver(*(a_draft(1) for _ in range(3)), a_draft(2))
    async with store.units.begin() as unit:
        await unit.marks.mark_read(sent[0])
        await unit.inboxes.remove(sent[1])
        assert await unit.remains.expire(NO_AGE, 10) == (0, [])
        count, changed = await unit.remains.expire(ANY_AGE, 3)
    assert count == 3
    assert [(one.inbox.user_id, one.inbox.unread, one.inbox.total) for one in changed] == [
        (1, 0, 0)
    ]
    assert await store.counts(1) == (3, 0, 0)
    assert await store.counts(2) == (1, 1, 1)
    (later,) = await store.deliver(a_draft(1))
    assert later.seq == 4


async def test_tombstones_are_forgotten_when_they_are_old(store: Store) -> None:
    one, other = await store.deliver(a_draft(1), a_draft(1))
    async with store.units.begin() as unit:
        await unit.inboxes.remove(one)
        assert await unit.remains.forget_withdrawn(NO_AGE, 10) == 0
        assert await unit.remains.forget_withdrawn(ANY_AGE, 10) == 1
    missed = await store.inboxes.since(1, 0, 10)
    assert [item.id for item in missed.notifications] == [other.id]
    assert await store.counts(1) == (2, 1, 1)
