"""Inboxes and their changes, in memory and in PostgreSQL."""

from datetime import timedelta

import pytest

from notification_service.domain.errors import AlreadySent
from notification_service.domain.models import InboxState, Target, Window
from tests.builders import a_draft
from tests.contract.stores import Store

ANY_AGE = timedelta(days=-1)
NO_AGE = timedelta(days=1)


async def test_an_inbox_never_used_is_empty(store: Store) -> None:
    assert await store.inboxes.states([5, 4]) == [InboxState(5), InboxState(4)]
    page = await store.inboxes.feed(5, Window(20))
    assert (page.notifications, page.total, page.has_more) == ((), 0, False)
    missed = await store.inboxes.since(5, 0, 10)
    assert (missed.notifications, missed.state, missed.is_truncated) == ((), InboxState(5), False)


async def test_seqs_count_from_one_in_each_inbox_and_in_the_order_of_the_drafts(
    store: Store,
) -> None:
    await store.deliver(a_draft(2))
    created = await store.delivered(a_draft(3, "a"), a_draft(2, "b"), a_draft(2, "c"))
    assert [(one.notification.user_id, one.notification.seq) for one in created] == [
        (3, 1),
        (2, 2),
        (2, 3),
    ]
    assert [(one.inbox.last_seq, one.inbox.unread, one.inbox.total) for one in created] == [
        (1, 1, 1),
        (2, 2, 2),
        (3, 3, 3),
    ]
    assert await store.counts(2) == (3, 3, 3)


async def test_a_notification_is_kept_as_it_was_sent(store: Store) -> None:
    payload = '{"text": "žluťoučký \\u0000", "n": 1.50}'.encode()
    (sent,) = await store.deliver(a_draft(1, "x.y-z_0", payload=payload, actor_id=9))
    (bare,) = await store.deliver(a_draft(1, payload=None))
    found = await store.inboxes.get(sent.id)
    assert found == sent
    assert (found.type, found.payload, found.actor_id) == ("x.y-z_0", payload, 9)
    assert await store.inboxes.get(bare.id) == bare
    assert bare.payload is None
    assert await store.inboxes.get(bare.id + 1) is None


async def test_the_feed_is_newest_first_and_goes_on_by_seq_and_by_offset(store: Store) -> None:
    sent = await store.deliver(*(a_draft(1) for _ in range(5)), a_draft(2))
    seqs = [one.seq for one in sent if one.user_id == 1]
    first = await store.inboxes.feed(1, Window(2))
    assert [one.seq for one in first.notifications] == [seqs[4], seqs[3]]
    assert (first.total, first.has_more) == (5, True)
    rest = await store.inboxes.feed(1, Window(3, before=seqs[3]))
    assert [one.seq for one in rest.notifications] == [3, 2, 1]
    assert (rest.total, rest.has_more) == (5, False)
    last = await store.inboxes.feed(1, Window(2, offset=4))
    assert [one.seq for one in last.notifications] == [1]
    beyond = await store.inboxes.feed(1, Window(2, offset=6))
    assert (beyond.notifications, beyond.total) == ((), 5)


async def test_one_that_is_read_counts_no_more_as_unread_and_is_read_once(store: Store) -> None:
    one, other = await store.deliver(a_draft(1), a_draft(1))
    async with store.units.begin() as unit:
        read = await unit.marks.mark_read(one)
        again = await unit.marks.mark_read(one)
    assert read is not None
    assert (read.notification_ids, read.up_to_seq, read.inbox.unread) == ((one.id,), None, 1)
    assert again is None
    assert await store.counts(1) == (2, 1, 2)
    unread = await store.inboxes.feed(1, Window(20, unread_only=True))
    assert ([item.id for item in unread.notifications], unread.total) == ([other.id], 1)
    page = await store.inboxes.feed(1, Window(20))
    assert [(item.id, item.is_read) for item in page.notifications] == [
        (other.id, False),
        (one.id, True),
    ]


async def test_all_up_to_a_seq_are_read_and_later_ones_stay_unread(store: Store) -> None:
    await store.deliver(*(a_draft(1) for _ in range(4)), a_draft(2))
    async with store.units.begin() as unit:
        some = await unit.marks.mark_all_read(1, 3)
        none = await unit.marks.mark_all_read(1, 3)
    assert some is not None
    assert (some.count, some.up_to_seq, some.inbox.unread) == (3, 3, 1)
    assert none is None
    async with store.units.begin() as unit:
        rest = await unit.marks.mark_all_read(1, None)
        assert await unit.marks.mark_all_read(77, None) is None
    assert rest is not None
    assert (rest.count, rest.up_to_seq, rest.notification_ids) == (1, 4, ())
    assert await store.counts(1) == (4, 0, 4)
    assert await store.counts(2) == (1, 1, 1)


async def test_a_seq_beyond_the_newest_reads_all_and_tells_the_newest(store: Store) -> None:
    await store.deliver(a_draft(1), a_draft(1))
    async with store.units.begin() as unit:
        read = await unit.marks.mark_all_read(1, 2**62)
    assert read is not None
    assert (read.count, read.up_to_seq) == (2, 2)


async def test_one_that_is_removed_leaves_a_tombstone_without_payload(store: Store) -> None:
    one, other = await store.deliver(a_draft(1), a_draft(1))
    async with store.units.begin() as unit:
        gone = await unit.inboxes.remove(one)
        again = await unit.inboxes.remove(one)
        late = await unit.marks.mark_read(one)
    assert gone is not None
    assert (gone.notification_id, gone.seq, gone.inbox.unread) == (one.id, 1, 1)
    assert (again, late) == (None, None)
    assert await store.counts(1) == (2, 1, 1)
    assert await store.inboxes.get(one.id) is None
    page = await store.inboxes.feed(1, Window(20))
    assert ([item.id for item in page.notifications], page.total) == ([other.id], 1)
    missed = await store.inboxes.since(1, 0, 10)
    assert [(item.seq, item.is_withdrawn, item.payload) for item in missed.notifications] == [
        (1, True, None),
        (2, False, other.payload),
    ]


async def test_removing_what_is_read_leaves_the_unread_count_alone(store: Store) -> None:
    one, _ = await store.deliver(a_draft(1), a_draft(1))
    async with store.units.begin() as unit:
        await unit.marks.mark_read(one)
        gone = await unit.inboxes.remove(one)
    assert gone is not None
    assert (gone.inbox.unread, gone.inbox.total) == (1, 1)


async def test_what_is_missed_comes_in_order_and_says_whether_it_is_all(store: Store) -> None:
    await store.deliver(*(a_draft(1) for _ in range(5)))
    some = await store.inboxes.since(1, 1, 2)
    assert ([one.seq for one in some.notifications], some.is_truncated) == ([2, 3], True)
    assert (some.state.last_seq, some.state.unread) == (5, 5)
    rest = await store.inboxes.since(1, 3, 2)
    assert ([one.seq for one in rest.notifications], rest.is_truncated) == ([4, 5], False)
    assert (await store.inboxes.since(1, 5, 2)).notifications == ()


async def test_only_what_is_unread_about_a_subject_is_withdrawn(store: Store) -> None:
    read, first, second, other = await store.deliver(
        a_draft(1, subject="post:9"),
        a_draft(1, subject="post:9"),
        a_draft(1, subject="post:9"),
        a_draft(2, subject="post:8"),
    )
    target = Target(1, "post:9")
    async with store.units.begin() as unit:
        await unit.marks.mark_read(read)
        assert await unit.inboxes.holders("post:9", 0, 10) == [1]
        assert await unit.inboxes.holders("post:9", 1, 10) == []
        await unit.inboxes.lock([1, 2, 3])
        gone = await unit.inboxes.withdraw([target, Target(2, "post:9"), Target(3, "post:9")])
        again = await unit.inboxes.withdraw([target])
    assert [(one.notification_id, one.seq) for one in gone] == [(first.id, 2), (second.id, 3)]
    assert {one.inbox.unread for one in gone} == {0}
    assert again == []
    assert await store.counts(1) == (3, 0, 1)
    assert await store.counts(2) == (1, 1, 1)
    assert await store.inboxes.get(other.id) == other


async def test_a_senders_key_is_used_once_and_another_sender_may_use_it_too(store: Store) -> None:
    (sent,) = await store.deliver(a_draft(1, actor_id=9, key="k"))
    (system,) = await store.deliver(a_draft(1, key="k"))
    await store.deliver(a_draft(2, actor_id=8, key="k"), a_draft(2), a_draft(2))
    with pytest.raises(AlreadySent):
        await store.deliver(a_draft(3, actor_id=9, key="k"))
    assert await store.inboxes.sent_as(9, "k") == sent.id
    assert await store.inboxes.sent_as(None, "k") == system.id
    assert await store.inboxes.sent_as(9, "other") is None
    assert await store.counts(3) == (0, 0, 0)


async def test_a_unit_that_fails_leaves_everything_as_it_was(store: Store) -> None:
    (kept,) = await store.deliver(a_draft(1))
    with pytest.raises(LookupError):
        await _deliver_read_and_fail(store)
    assert await store.counts(1) == (1, 1, 1)
    assert await store.inboxes.get(kept.id) == kept
    (after,) = await store.deliver(a_draft(1))
    assert after.seq == 2


async def _deliver_read_and_fail(store: Store) -> None:
    async with store.units.begin() as unit:
        unit.emit(await unit.inboxes.deliver([a_draft(1)]))
        await unit.marks.mark_all_read(1, None)
        raise LookupError


async def test_a_version_grows_with_every_change(store: Store) -> None:
    versions = [(await store.state(1)).version]
    (one,) = await store.deliver(a_draft(1))
    versions.append((await store.state(1)).version)
    async with store.units.begin() as unit:
        await unit.marks.mark_read(one)
    versions.append((await store.state(1)).version)
    async with store.units.begin() as unit:
        await unit.inboxes.remove(one)
    versions.append((await store.state(1)).version)
    async with store.units.begin() as unit:
        await unit.inboxes.close({1})
    versions.append((await store.state(1)).version)
    assert versions == sorted(set(versions))
