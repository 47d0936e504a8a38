"""Live delivery within one process."""

import asyncio

import pytest

from notification_service.application.live import (
    Announced,
    Frame,
    Hub,
    Passing,
    Stream,
    Subscribed,
)
from notification_service.application.use_cases import SUBSCRIBED_AT_ONCE, Notifications
from notification_service.domain.errors import (
    InvalidNotification,
    StreamClosing,
    SubscriberTooSlow,
)
from notification_service.domain.events import Event, NotificationCreated
from notification_service.domain.media import MediaProcessed
from notification_service.domain.models import InboxState
from tests.builders import NOW, RECEPTION, a_created, a_draft
from tests.fakes import InMemoryStore, InMemoryUsers

ANN, BOB = 1, 2
ROOM = 1_000_000


@pytest.fixture
def hub() -> Hub:
    return Hub(lambda: NOW)


def commit(hub: Hub, *events: Event) -> None:
    """Events that were committed."""
    hub.settle(hub.take_turn(events), is_committed=True)


def watching(hub: Hub, *user_ids: int, capacity: int = ROOM) -> Stream:
    """A stream that hears of inboxes, each of which was empty."""
    stream = hub.open(capacity)
    stream.subscribe(user_ids)
    stream.acknowledge([InboxState(user_id) for user_id in user_ids])
    return stream


async def drained(stream: Stream) -> list[Frame]:
    """What waits in a stream."""
    frames = []
    while (frame := await stream.next(0)) is not None:
        frames.append(frame)
    return frames


async def seqs(stream: Stream) -> list[tuple[int, int]]:
    """User ids and seqs of the notifications that wait in a stream."""
    return [
        (frame.event.notification.user_id, frame.event.notification.seq)
        for frame in await drained(stream)
        if isinstance(frame, Announced) and isinstance(frame.event, NotificationCreated)
    ]


async def test_what_is_committed_goes_to_who_watches_the_inbox_and_to_nobody_else(
    hub: Hub,
) -> None:
    ann, both = watching(hub, ANN), watching(hub, ANN, BOB)
    commit(hub, a_created(ANN, 1), a_created(BOB, 1), a_created(3, 1))
    assert await seqs(ann) == [(ANN, 1)]
    assert sorted(await seqs(both)) == [(ANN, 1), (BOB, 1)]


async def test_a_frame_tells_when_it_was_committed(hub: Hub) -> None:
    stream = watching(hub, ANN)
    event = a_created(ANN)
    commit(hub, event)
    assert (await drained(stream))[-1] == Announced(event, NOW)


async def test_what_is_rolled_back_is_told_to_nobody(hub: Hub) -> None:
    stream = watching(hub, ANN)
    hub.settle(hub.take_turn([a_created(ANN, 1)]), is_committed=False)
    commit(hub, a_created(ANN, 1))
    assert await seqs(stream) == [(ANN, 1)]


async def test_an_inbox_is_told_in_the_order_of_commits_whoever_comes_first(hub: Hub) -> None:
    stream = watching(hub, ANN, BOB)
    first = hub.take_turn([a_created(ANN, 1), a_created(ANN, 2)])
    second = hub.take_turn([a_created(ANN, 3), a_created(BOB, 1)])
    third = hub.take_turn([a_created(ANN, 4)])
    hub.settle(third, is_committed=True)
    hub.settle(second, is_committed=True)
    assert await seqs(stream) == [(BOB, 1)]  # who waits for nobody
    hub.settle(first, is_committed=True)
    assert await seqs(stream) == [(ANN, 1), (ANN, 2), (ANN, 3), (ANN, 4)]


async def test_a_rolled_back_turn_holds_up_nobody(hub: Hub) -> None:
    stream = watching(hub, ANN)
    first, second = hub.take_turn([a_created(ANN, 1)]), hub.take_turn([a_created(ANN, 1)])
    hub.settle(second, is_committed=True)
    hub.settle(first, is_committed=False)
    assert await seqs(stream) == [(ANN, 1)]


async def test_what_happens_while_one_subscribes_is_told_once_and_after_the_state(
    hub: Hub,
) -> None:
    stream = hub.open(ROOM)
    commit(hub, a_created(ANN, 1))
    stream.subscribe([ANN])
    commit(hub, a_created(ANN, 2))
    commit(hub, a_created(ANN, 3))
    assert await drained(stream) == []
    state = InboxState(ANN, last_seq=2, unread=2, total=2, version=2)
    stream.acknowledge([state])
    commit(hub, a_created(ANN, 4))
    first, *rest = await drained(stream)
    assert first == Subscribed(state, 0)
    told = [frame.event.inbox.last_seq for frame in rest if isinstance(frame, Announced)]
    assert told == [3, 4]


async def test_subscribing_again_is_answered_again(hub: Hub) -> None:
    stream = watching(hub, ANN)
    stream.subscribe([ANN])
    stream.acknowledge([InboxState(ANN, last_seq=5)])
    assert await drained(stream) == [
        Subscribed(InboxState(ANN), 0),
        Subscribed(InboxState(ANN, last_seq=5), 0),
    ]
    commit(hub, a_created(ANN, 6))
    assert await seqs(stream) == [(ANN, 6)]


async def test_who_unsubscribes_hears_no_more(hub: Hub) -> None:
    stream = watching(hub, ANN, BOB)
    stream.unsubscribe([ANN, 77])
    commit(hub, a_created(ANN), a_created(BOB))
    assert await seqs(stream) == [(BOB, 1)]


async def test_a_reader_that_is_too_slow_is_ended_and_others_are_not(hub: Hub) -> None:
    slow, quick = watching(hub, ANN, capacity=50_000), watching(hub, ANN)
    for seq in range(1, 6):
        commit(hub, a_created(ANN, seq, payload=b"x" * 16_000))
    with pytest.raises(SubscriberTooSlow):
        await slow.next(0)
    assert await seqs(quick) == [(ANN, seq) for seq in range(1, 6)]


async def test_who_keeps_up_is_never_too_slow(hub: Hub) -> None:
    stream = watching(hub, ANN, capacity=20_000)
    for seq in range(1, 100):
        commit(hub, a_created(ANN, seq, payload=b"x" * 15_000))
        assert (ANN, seq) in await seqs(stream)


async def test_what_is_held_back_counts_too_and_only_while_it_is_held(hub: Hub) -> None:
    stream = hub.open(50_000)
    for round_ in range(10):
        stream.subscribe([ANN])
        for seq in (1, 2):
            commit(hub, a_created(ANN, seq, version=1, payload=b"x" * 16_000))
        if round_ % 2:
            stream.acknowledge([InboxState(ANN, version=1)])
            assert len(await drained(stream)) == 1
        else:
            stream.unsubscribe([ANN])
    stream.subscribe([ANN])
    for seq in range(4):
        commit(hub, a_created(ANN, seq, payload=b"x" * 16_000))
    with pytest.raises(SubscriberTooSlow):
        await stream.next(0)


async def test_an_ended_stream_hears_of_nothing_and_says_why_each_time(hub: Hub) -> None:
    stream = watching(hub, ANN)
    stream.end(LookupError("first"))
    stream.end(LookupError("second"))
    stream.subscribe([BOB])
    stream.acknowledge([InboxState(BOB)])
    commit(hub, a_created(ANN), a_created(BOB))
    for _ in range(2):
        with pytest.raises(LookupError, match="first"):
            await stream.next(0)


async def test_a_closed_hub_ends_every_stream_also_new_ones(hub: Hub) -> None:
    stream = watching(hub, ANN)
    waiting = asyncio.create_task(drained(stream))
    hub.close()
    with pytest.raises(StreamClosing):
        await waiting
    with pytest.raises(StreamClosing):
        await hub.open(ROOM).next(0)


async def test_a_reader_that_waits_is_woken(hub: Hub) -> None:
    stream = hub.open(ROOM)
    stream.subscribe([ANN])
    waiting = asyncio.create_task(stream.next(60))
    await asyncio.sleep(0)
    stream.acknowledge([InboxState(ANN)])
    assert await waiting == Subscribed(InboxState(ANN), 0)


async def test_many_inboxes_are_subscribed_to_at_once_and_each_is_answered_once() -> None:
    store = InMemoryStore()
    notifications = Notifications(store, InMemoryUsers(), store, store, RECEPTION)
    await notifications.send(a_draft(2))
    stream = Hub(lambda: NOW).open(10_000_000)
    user_ids = list(range(1, SUBSCRIBED_AT_ONCE + 2))
    await notifications.subscribe(stream, [*user_ids, 1])
    told = [frame.state for frame in await drained(stream) if isinstance(frame, Subscribed)]
    assert [state.user_id for state in told] == [*user_ids, 1]
    assert [state.last_seq for state in told[:3]] == [0, 1, 0]
    with pytest.raises(InvalidNotification):
        await notifications.subscribe(stream, [0])


async def test_a_unit_of_work_tells_what_it_has_committed_and_only_that() -> None:
    hub = Hub(lambda: NOW)
    store = InMemoryStore(hub)
    stream = watching(hub, ANN)
    async with store.begin() as unit:
        unit.emit(await unit.deliver([a_draft(ANN)]))
        assert await seqs(stream) == []
    assert await seqs(stream) == [(ANN, 1)]


async def test_what_is_of_the_moment_is_told_to_who_watches_its_owner(hub: Hub) -> None:
    ann, both, bob = watching(hub, ANN), watching(hub, ANN, BOB), watching(hub, BOB)
    for stream in (ann, both, bob):
        await drained(stream)
    hub.tell(MediaProcessed(ANN, 9, "ready"))
    assert await drained(ann) == await drained(both) == [Passing(MediaProcessed(ANN, 9, "ready"))]
    assert await drained(bob) == []
    assert await drained(watching(hub, ANN)) == [Subscribed(InboxState(ANN), 0)]
