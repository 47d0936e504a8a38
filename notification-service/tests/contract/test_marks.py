"""What is seen and archived, in memory and in PostgreSQL alike."""

from notification_service.domain.events import NotificationArchived, NotificationsSeen
from notification_service.domain.models import InboxState, Target, Window
from tests.builders import a_draft
from tests.contract.stores import Store, notifications_of


async def feed(store: Store, *, is_archived: bool = False, unread: bool = False) -> list[int]:
    """The seqs that are in a feed, whose length is told right."""
    window = Window(100, is_archived=is_archived, unread_only=unread)
    page = await store.inboxes.feed(1, window)
    assert page.total == len(page.notifications)
    return [one.seq for one in page.notifications]


async def test_what_comes_after_the_mark_and_is_unread_is_unseen(store: Store) -> None:
    await store.deliver(*[a_draft(1)] * 5)
    assert await store.unseen(1) == (5, 0)
    await notifications_of(store).mark_seen(1, 3)
    assert await store.unseen(1) == (2, 3)
    await store.deliver(a_draft(1), a_draft(2))
    assert (await store.unseen(1), await store.unseen(2)) == ((3, 3), (1, 0))


async def test_the_mark_never_goes_back_and_stops_at_the_newest(store: Store) -> None:
    await store.deliver(*[a_draft(1)] * 3)
    await notifications_of(store).mark_seen(1, 100)
    version = (await store.state(1)).version
    assert (await notifications_of(store).mark_seen(1, 1)).seen_seq == 3
    assert (await store.state(1)).version == version
    await store.deliver(a_draft(1))
    assert await store.unseen(1) == (1, 3)
    assert (await notifications_of(store).mark_seen(1, None)).unseen == 0


async def test_to_read_is_to_see(store: Store) -> None:
    sent = await store.deliver(*[a_draft(1)] * 5)
    await notifications_of(store).mark_seen(1, 2)
    for one in (sent[0], sent[4]):
        await notifications_of(store).read(one.id, 1)
    assert (await store.counts(1), await store.unseen(1)) == ((5, 3, 5), (2, 2))
    await notifications_of(store).read_all(1, 3)
    assert (await store.counts(1), await store.unseen(1)) == ((5, 1, 5), (1, 2))


async def test_what_is_gone_is_not_unseen(store: Store) -> None:
    sent = await store.deliver(*[a_draft(1, subject=f"post:{n}") for n in range(4)])
    await notifications_of(store).mark_seen(1, 1)
    await notifications_of(store).remove(sent[1].id, 1)
    async with store.units.begin() as unit:
        await unit.inboxes.lock([1])
        targets = [Target(1, "post:0"), Target(1, "post:2")]
        assert [gone.inbox.unseen for gone in await unit.inboxes.withdraw(targets)] == [1, 1]
    assert await store.unseen(1) == (1, 1)


async def test_nothing_is_seen_in_an_inbox_never_used(store: Store) -> None:
    assert await notifications_of(store).mark_seen(1, 5) == InboxState(1)


async def test_what_is_archived_is_read_and_in_a_feed_of_its_own(store: Store) -> None:
    sent = await store.deliver(*[a_draft(1)] * 3)
    changed, state = await notifications_of(store).set_archived(sent[1].id, 1, is_archived=True)
    assert (changed, state.unread, state.unseen, state.total, state.archived) == (True, 2, 2, 2, 1)
    assert await feed(store) == [3, 1]
    assert await feed(store, is_archived=True) == [2]
    assert await feed(store, unread=True) == [3, 1]
    assert await feed(store, is_archived=True, unread=True) == []
    found = await notifications_of(store).get(sent[1].id, 1)
    assert (found.is_read, found.archived_at is not None) == (True, True)


async def test_archiving_twice_changes_nothing(store: Store) -> None:
    (one,) = await store.deliver(a_draft(1))
    assert not (await notifications_of(store).set_archived(one.id, 1, is_archived=False))[0]
    await notifications_of(store).set_archived(one.id, 1, is_archived=True)
    again = await notifications_of(store).set_archived(one.id, 1, is_archived=True)
    assert (again[0], again[1].archived) == (False, 1)


async def test_what_is_taken_back_from_the_archive_is_in_the_feed_and_read(store: Store) -> None:
    (one,) = await store.deliver(a_draft(1))
    await notifications_of(store).set_archived(one.id, 1, is_archived=True)
    await notifications_of(store).set_archived(one.id, 1, is_archived=False)
    assert await store.counts(1) == (1, 0, 1)
    assert (await feed(store), await feed(store, is_archived=True)) == ([1], [])
    assert (await notifications_of(store).get(one.id, 1)).archived_at is None


async def test_what_is_removed_leaves_the_archive(store: Store) -> None:
    sent = await store.deliver(*[a_draft(1)] * 2)
    await notifications_of(store).set_archived(sent[0].id, 1, is_archived=True)
    state = await notifications_of(store).remove(sent[0].id, 1)
    assert (state.total, state.archived, state.unread) == (1, 0, 1)


async def test_marks_are_announced_with_the_state_after_them(store: Store) -> None:
    stream = store.hub.open(1_000_000)
    await notifications_of(store).subscribe(stream, [1])
    (one,) = await store.deliver(a_draft(1))
    await notifications_of(store).mark_seen(1, None)
    await notifications_of(store).set_archived(one.id, 1, is_archived=True)
    events = [getattr(await stream.next(0), "event", None) for _ in range(4)][2:]
    assert isinstance(events[0], NotificationsSeen)
    assert (events[0].up_to_seq, events[0].inbox.unseen) == (1, 0)
    assert isinstance(events[1], NotificationArchived)
    assert (events[1].is_archived, events[1].inbox.unread) == (True, 0)


async def test_a_closed_inbox_has_no_marks(store: Store) -> None:
    (one,) = await store.deliver(a_draft(1))
    async with store.units.begin() as unit:
        await unit.inboxes.close([1])
        assert await unit.marks.mark_seen(1, None) is None
        assert await unit.marks.set_archived(one, is_archived=True) is None
    assert await store.unseen(1) == (0, 0)
