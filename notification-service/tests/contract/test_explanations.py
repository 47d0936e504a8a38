"""Why there is a notification, and why there is none: the same in memory and in PostgreSQL."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from uuid import uuid4

import pytest

from notification_service.application.explanations import Explanations
from notification_service.application.fan_out import FanOut
from notification_service.application.reactions import Reactions
from notification_service.domain.errors import AccessDenied, NotificationNotFound
from notification_service.domain.facts import FOLLOW_CREATED, POST_CREATED, Fact
from notification_service.domain.models import Notification, Window
from notification_service.domain.preferences import Preferences, QuietHours
from notification_service.domain.provenance import (
    Delivery,
    Explanation,
    NotPushed,
    Outcome,
    Reason,
)
from tests.builders import (
    NOW,
    RECEPTION,
    a_draft,
    a_follow,
    a_post,
    a_post_gone,
    an_origin,
    an_unfollow,
)
from tests.contract.stores import Store
from tests.fakes import InMemoryFollowership, InMemoryUsers

ANN, BOB, CYD, DAN, EVE = 1, 2, 3, 4, 5
WEEK = timedelta(days=7)
ALL_DAY = QuietHours(time(0, 0), time(23, 59), "UTC")
UNKNOWN = Explanation(Outcome.UNKNOWN)


class World:
    """Bob, Cyd and Dan follow Ann; Eve follows nobody."""

    def __init__(self, store: Store) -> None:
        self.store = store
        users, units = InMemoryUsers(), store.units
        self.followership = InMemoryFollowership({ANN: [BOB, CYD, DAN]})
        self._reactions = Reactions(users, units, RECEPTION)
        self.fan_out = FanOut(store.queue, users, self.followership, units, RECEPTION, 1)
        self.age = timedelta()
        self.explanations = Explanations(
            store.inboxes, store.provenance, self.followership, self._now, WEEK
        )

    def _now(self) -> datetime:
        return datetime.now(UTC) + self.age

    async def hear(self, *facts: Fact) -> None:
        await self._reactions.apply(facts)

    async def tell(self, turns: int = 10) -> None:
        for _ in range(turns):
            await self.fan_out.turn()

    async def newest(self, user_id: int) -> Notification:
        return (await self.store.inboxes.feed(user_id, Window(1))).notifications[0]

    async def want(self, preferences: Preferences) -> None:
        async with self.store.units.begin() as unit:
            await unit.preferences.replace(preferences)

    async def said(self, fact: Fact, user_id: int) -> tuple[Outcome, Reason | None]:
        found = await self.explanations.explain(fact.event_id, user_id)
        return found.outcome, found.reason


@pytest.fixture
def world(store: Store) -> World:
    return World(store)


def a_delivery(
    user_id: int = ANN, first: int = 1, last: int = 1, *, connection_id: int = 7
) -> Delivery:
    """Something on the wire."""
    at = NOW + timedelta(seconds=connection_id)
    return Delivery(user_id, first, last, connection_id, "5f0c", "websocket", at)


async def test_a_notification_knows_its_event_and_how_far_that_came_when(world: World) -> None:
    follow = a_follow(BOB, ANN)
    await world.hear(follow)
    one = await world.newest(ANN)
    why = await world.explanations.why(one.id, ANN)
    assert why.notification == one
    assert why.cause.event_id == follow.event_id
    event = why.cause.event
    assert event is not None
    assert event.origin == an_origin()
    assert event.consumed_at <= one.created_at
    assert (event.actor_id, event.about_id) == (BOB, ANN)


async def test_what_somebody_sent_has_no_event(world: World) -> None:
    (one,) = await world.store.deliver(a_draft(ANN, actor_id=BOB))
    why = await world.explanations.why(one.id, ANN)
    assert (why.cause.event_id, why.cause.event) == (None, None)


async def test_only_the_owner_is_told_why(world: World) -> None:
    (one,) = await world.store.deliver(a_draft(ANN))
    with pytest.raises(AccessDenied):
        await world.explanations.why(one.id, BOB)
    with pytest.raises(NotificationNotFound):
        await world.explanations.why(one.id + 99, ANN)


async def test_deliveries_are_those_of_its_owner_and_of_its_seq_the_first_ones_first(
    world: World,
) -> None:
    _, two, _ = await world.store.deliver(a_draft(ANN), a_draft(ANN), a_draft(ANN))
    mine = [a_delivery(first=1, last=2, connection_id=9), a_delivery(first=2, last=900)]
    others = [a_delivery(BOB, 1, 3), a_delivery(first=3, last=3), a_delivery(first=1, last=1)]
    await world.explanations.note([*others, *mine])
    why = await world.explanations.why(two.id, ANN)
    assert why.deliveries == (mine[1], mine[0])
    assert why.not_pushed is None


@pytest.mark.parametrize(
    ("preferences", "expected"),
    [
        (Preferences(ANN, live_off={FOLLOW_CREATED}), NotPushed.LIVE_OFF),
        (Preferences(ANN, quiet_hours=ALL_DAY), NotPushed.QUIET_HOURS),
        (Preferences(ANN, live_off={FOLLOW_CREATED}, quiet_hours=ALL_DAY), NotPushed.LIVE_OFF),
        (Preferences(ANN, live_off={POST_CREATED}), NotPushed.UNDER_WAY),
    ],
)
async def test_what_was_held_back_says_so_even_if_it_came_later(
    world: World, preferences: Preferences, expected: NotPushed
) -> None:
    await world.want(preferences)
    await world.hear(a_follow(BOB, ANN))
    one = await world.newest(ANN)
    assert (await world.explanations.why(one.id, ANN)).not_pushed is expected
    await world.explanations.note([a_delivery()])
    why = await world.explanations.why(one.id, ANN)
    assert why.not_pushed is (None if expected is NotPushed.UNDER_WAY else expected)


async def test_without_a_delivery_no_socket_was_open_as_long_as_that_is_known(world: World) -> None:
    (one,) = await world.store.deliver(a_draft(ANN))
    for age, expected in (
        (timedelta(), NotPushed.UNDER_WAY),
        (timedelta(minutes=1), NotPushed.NO_SOCKET_OPEN),
        (WEEK + timedelta(minutes=1), NotPushed.NOT_KEPT),
    ):
        world.age = age
        assert (await world.explanations.why(one.id, ANN)).not_pushed is expected


async def test_an_event_that_made_a_notification_names_it_to_its_owner_alone(world: World) -> None:
    follow = a_follow(BOB, ANN)
    await world.hear(follow)
    found = await world.explanations.explain(follow.event_id, ANN)
    assert (found.outcome, found.notification_id) == (Outcome.MADE, (await world.newest(ANN)).id)
    assert await world.said(follow, BOB) == (Outcome.SKIPPED, Reason.OWN_ACTION)
    assert await world.explanations.explain(follow.event_id, EVE) == UNKNOWN
    assert await world.explanations.explain(uuid4(), ANN) == UNKNOWN


async def test_who_wants_none_of_a_type_is_told_that(world: World) -> None:
    await world.want(Preferences(ANN, in_app_off={FOLLOW_CREATED}))
    follow = a_follow(BOB, ANN)
    await world.hear(follow)
    await world.want(Preferences(ANN))
    assert await world.said(follow, ANN) == (Outcome.SKIPPED, Reason.IN_APP_OFF)
    assert await world.explanations.explain(follow.event_id, EVE) == UNKNOWN


@pytest.mark.parametrize("together", [True, False])
async def test_a_follow_that_ended_was_withdrawn(world: World, together: bool) -> None:
    follow, end = a_follow(BOB, ANN), an_unfollow(BOB, ANN)
    for batch in ([follow, end],) if together else ([follow], [end]):
        await world.hear(*batch)
    assert await world.said(follow, ANN) == (Outcome.SKIPPED, Reason.WITHDRAWN)
    assert await world.said(end, ANN) == (Outcome.SKIPPED, Reason.MAKES_NONE)
    assert await world.said(end, BOB) == (Outcome.SKIPPED, Reason.OWN_ACTION)
    assert await world.said(end, EVE) == (Outcome.UNKNOWN, None)


async def test_of_two_events_of_one_follow_the_later_one_counts(world: World) -> None:
    first, second = a_follow(BOB, ANN), a_follow(BOB, ANN)
    await world.hear(first, second)
    assert await world.said(first, ANN) == (Outcome.SKIPPED, Reason.DUPLICATE)
    assert await world.said(second, ANN) == (Outcome.MADE, None)


async def test_an_event_that_comes_again_is_what_it_was(world: World) -> None:
    follow = a_follow(BOB, ANN)
    await world.hear(follow)
    await world.hear(follow, replace(follow, origin=None))
    assert await world.said(follow, ANN) == (Outcome.MADE, None)


async def test_a_post_is_under_way_until_it_is_told_to_a_follower(world: World) -> None:
    post = a_post(9, ANN)
    await world.hear(post)
    await world.tell(turns=1)
    assert await world.said(post, BOB) == (Outcome.MADE, None)
    assert await world.said(post, CYD) == (Outcome.UNDER_WAY, None)
    assert await world.said(post, EVE) == (Outcome.UNKNOWN, None)
    assert await world.said(post, ANN) == (Outcome.SKIPPED, Reason.OWN_ACTION)
    await world.tell()
    assert await world.said(post, DAN) == (Outcome.MADE, None)
    assert await world.said(post, EVE) == (Outcome.UNKNOWN, None)


async def test_who_muted_the_author_is_told_that(world: World) -> None:
    async with world.store.units.begin() as unit:
        await unit.preferences.mute(CYD, ANN)
    await world.want(Preferences(DAN, in_app_off={POST_CREATED}))
    post = a_post(9, ANN)
    await world.hear(post)
    await world.tell()
    assert await world.said(post, CYD) == (Outcome.SKIPPED, Reason.MUTED)
    assert await world.said(post, DAN) == (Outcome.SKIPPED, Reason.IN_APP_OFF)


async def test_who_follows_since_later_did_not_when_it_was_told(world: World) -> None:
    post = a_post(9, ANN)
    await world.hear(post)
    await world.tell()
    world.followership.followers[ANN] = [BOB, CYD, DAN, EVE]
    assert await world.said(post, EVE) == (Outcome.SKIPPED, Reason.NOT_FOLLOWING)
    world.age = WEEK * 2
    assert await world.said(post, EVE) == (Outcome.SKIPPED, Reason.NOT_KEPT)


@pytest.mark.parametrize("turns", [0, 1, 4])
async def test_a_post_that_is_gone_was_withdrawn_told_or_not(world: World, turns: int) -> None:
    post, gone = a_post(9, ANN), a_post_gone(9, ANN)
    await world.hear(post)
    await world.tell(turns)
    await world.hear(gone)
    await world.tell()
    assert await world.said(post, CYD) == (Outcome.SKIPPED, Reason.WITHDRAWN)
    assert await world.said(gone, CYD) == (Outcome.SKIPPED, Reason.MAKES_NONE)
    assert await world.said(gone, EVE) == (Outcome.UNKNOWN, None)


async def test_of_two_events_of_one_post_the_first_one_counts(world: World) -> None:
    first, second = a_post(9, ANN), a_post(9, ANN)
    await world.hear(first)
    await world.hear(second)
    await world.tell()
    assert await world.said(first, BOB) == (Outcome.MADE, None)
    assert await world.said(second, BOB) == (Outcome.SKIPPED, Reason.DUPLICATE)


async def test_an_event_of_which_only_the_taking_in_is_known_is_unknown(world: World) -> None:
    """As one that was taken in before its origin was kept."""
    old = replace(a_follow(BOB, ANN), origin=None)
    async with world.store.units.begin() as unit:
        await unit.claim([old])
    assert await world.said(old, ANN) == (Outcome.UNKNOWN, None)


@pytest.mark.parametrize(
    ("older_than", "most", "left"), [(-WEEK, 9, 0), (WEEK, 9, 3), (WEEK, 1, 1), (WEEK, 0, 0)]
)
async def test_what_is_noted_is_forgotten_by_age_and_by_number(
    world: World, older_than: timedelta, most: int, left: int
) -> None:
    await world.want(Preferences(ANN, in_app_off={FOLLOW_CREATED}))
    follows = [a_follow(follower, ANN) for follower in (BOB, CYD, DAN)]
    await world.hear(*follows)
    (one,) = await world.store.deliver(a_draft(ANN))
    await world.explanations.note([a_delivery(connection_id=n) for n in range(3)])
    async with world.store.units.begin() as unit:
        assert await unit.remains.forget_skipped(older_than, most, 100) == 3 - left
        assert await unit.remains.forget_deliveries(older_than, most, 100) == 3 - left
    kept = [await world.said(follow, ANN) for follow in follows]
    assert sum(reason is Reason.IN_APP_OFF for _, reason in kept) == left
    assert len((await world.explanations.why(one.id, ANN)).deliveries) == left
