"""What people want to be told, in memory and in PostgreSQL alike."""

import json
from collections.abc import Collection
from datetime import time

import pytest

from notification_service.application.fan_out import FanOut
from notification_service.application.live import Announced, Subscribed
from notification_service.domain.errors import (
    CannotMuteYourself,
    MuteNotFound,
    NotificationNotWanted,
    UserNotFound,
)
from notification_service.domain.events import NotificationCreated
from notification_service.domain.models import Window
from notification_service.domain.preferences import Preferences, QuietHours
from tests.builders import RECEPTION, a_draft, a_post
from tests.contract.stores import Store, notifications_of, wishes_of
from tests.fakes import InMemoryFollowership, InMemoryUsers

AT_NOON = QuietHours(time(11), time(13), "UTC")
AT_NIGHT = QuietHours(time(22), time(7), "UTC")
"""Quiet at the moment at which tests take place, and not at noon."""


def off(user_id: int, *types: str, live: Collection[str] = ()) -> Preferences:
    return Preferences(user_id, frozenset(types), frozenset(live))


async def state(store: Store, user_id: int) -> tuple[int, int]:
    """The newest seq, and the newest that is to be pushed."""
    found = await store.state(user_id)
    return found.last_seq, found.live_seq


async def test_who_said_nothing_wants_everything(store: Store) -> None:
    assert await wishes_of(store).preferences(1) == Preferences(1)
    assert await store.preferences.of([1, 2]) == {}


async def test_what_was_said_last_holds(store: Store) -> None:
    for wanted in (
        Preferences(1, frozenset({"a"}), frozenset({"b"}), AT_NIGHT),
        off(1, "c", "b"),
        Preferences(1),
    ):
        assert await wishes_of(store).replace(wanted) == wanted
        assert await wishes_of(store).preferences(1) == wanted
    assert await wishes_of(store).preferences(2) == Preferences(2)


async def test_a_type_that_is_off_does_not_come_in(store: Store) -> None:
    await wishes_of(store).replace(off(1, "greeting"))
    with pytest.raises(NotificationNotWanted):
        await notifications_of(store).send(a_draft(1))
    await notifications_of(store).send(a_draft(1, "news"))
    await notifications_of(store).send(a_draft(2))
    assert (await store.counts(1), await store.counts(2)) == ((1, 1, 1), (1, 1, 1))


async def test_what_is_not_wanted_live_comes_in_silently(store: Store) -> None:
    await wishes_of(store).replace(off(1, live=["greeting"]))
    stream = store.hub.open(1_000_000)
    await notifications_of(store).subscribe(stream, [1])
    for kind in ("news", "greeting", "greeting"):
        await notifications_of(store).send(a_draft(1, kind))
    assert await state(store, 1) == (3, 1)
    frames = [await stream.next(0) for _ in range(4)][1:]
    events = [frame.event for frame in frames if isinstance(frame, Announced)]
    assert [getattr(event, "is_silent", None) for event in events] == [False, True, True]
    await notifications_of(store).send(a_draft(1, "news"))
    assert await state(store, 1) == (4, 4)


async def test_in_quiet_hours_nothing_is_due_and_everything_comes_in(store: Store) -> None:
    await wishes_of(store).replace(Preferences(1, quiet_hours=AT_NIGHT))
    await wishes_of(store).replace(Preferences(2, quiet_hours=AT_NOON))
    stream = store.hub.open(1_000_000)
    for user_id in (1, 2):
        await notifications_of(store).send(a_draft(user_id))
    await notifications_of(store).subscribe(stream, [1, 2])
    subscribed = [await stream.next(0) for _ in range(2)]
    due = [frame.due_seq for frame in subscribed if isinstance(frame, Subscribed)]
    assert due == [0, 1]
    assert (await state(store, 1), await store.counts(1)) == ((1, 1), (1, 1, 1))
    for user_id, is_silent in ((1, True), (2, False)):
        await notifications_of(store).send(a_draft(user_id))
        frame = await stream.next(0)
        assert isinstance(frame, Announced)
        assert isinstance(frame.event, NotificationCreated)
        assert frame.event.is_silent is is_silent


async def test_who_has_muted_an_author_is_not_told_of_posts(store: Store) -> None:
    await wishes_of(store).mute(2, 7)
    await wishes_of(store).mute(3, 8)
    followership = InMemoryFollowership({7: [1, 2, 3], 8: [2, 3]})
    users = InMemoryUsers()
    fan_out = FanOut(store.queue, users, followership, store.units, RECEPTION, 10)
    async with store.units.begin() as unit:
        await unit.jobs.add([a_post(99, 7), a_post(98, 8)])
    await fan_out.turn()
    feeds = [(await store.inboxes.feed(one, Window(9))).notifications for one in (1, 2, 3)]
    posts = [[json.loads(told.payload or b"")["post_id"] for told in feed] for feed in feeds]
    assert posts == [[99], [98], [99]]


async def test_mutes_are_listed_by_id_and_forgotten(store: Store) -> None:
    for author_id in (9, 7, 8, 7):
        await wishes_of(store).mute(1, author_id)
    await wishes_of(store).mute(2, 5)
    assert [one.author_id for one in await wishes_of(store).mutes(1, 0, 2)] == [7, 8]
    assert [one.author_id for one in await wishes_of(store).mutes(1, 8, 2)] == [9]
    await wishes_of(store).unmute(1, 8)
    assert [one.author_id for one in await wishes_of(store).mutes(1, 0, 9)] == [7, 9]
    with pytest.raises(MuteNotFound):
        await wishes_of(store).unmute(1, 8)


async def test_neither_oneself_nor_nobody_can_be_muted(store: Store) -> None:
    with pytest.raises(CannotMuteYourself):
        await wishes_of(store).mute(1, 1)
    wishes = wishes_of(store)
    assert isinstance(wishes.users, InMemoryUsers)
    wishes.users.gone.add(5)
    with pytest.raises(UserNotFound):
        await wishes.mute(1, 5)


async def test_nothing_is_left_of_who_has_gone(store: Store) -> None:
    for user_id, author_id in ((1, 2), (2, 1), (3, 2)):
        await wishes_of(store).mute(user_id, author_id)
        await wishes_of(store).replace(off(user_id, "a"))
    async with store.units.begin() as unit:
        await unit.inboxes.close([1])
        while await unit.remains.empty_closed(10):
            pass
    await wishes_of(store).replace(off(1, "b"))
    await wishes_of(store).mute(1, 9)
    assert set(await store.preferences.of([1, 2, 3])) == {2, 3}
    mutes = [await wishes_of(store).mutes(one, 0, 9) for one in (1, 2, 3)]
    assert [[one.author_id for one in found] for found in mutes] == [[], [], [2]]
