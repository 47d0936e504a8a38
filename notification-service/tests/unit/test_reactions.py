"""What becomes of inboxes when something happens elsewhere."""

import json

import pytest
from service_kit.errors import Unavailable

from notification_service.application.reactions import Reactions
from notification_service.domain.events import NotificationCreated, UnreadChanged
from notification_service.domain.facts import Fact
from notification_service.domain.models import Window
from tests.builders import (
    RECEPTION,
    TRACE,
    a_draft,
    a_follow,
    a_post,
    a_post_gone,
    an_account_gone,
    an_unfollow,
)
from tests.fakes import InMemoryStore, InMemoryUsers

ANN, BOB, CYD = 1, 2, 3


@pytest.fixture
def store() -> InMemoryStore:
    return InMemoryStore()


@pytest.fixture
def users() -> InMemoryUsers:
    return InMemoryUsers()


@pytest.fixture
def reactions(store: InMemoryStore, users: InMemoryUsers) -> Reactions:
    return Reactions(users, store, RECEPTION)


async def counts(store: InMemoryStore, user_id: int) -> tuple[int, int]:
    """The newest seq of an inbox, and how many are shown."""
    (state,) = await store.states([user_id])
    return state.last_seq, state.total


async def test_a_followee_is_told_of_each_follower_with_one_request_for_all_names(
    reactions: Reactions, store: InMemoryStore, users: InMemoryUsers
) -> None:
    await reactions.apply([a_follow(BOB, ANN), a_follow(CYD, ANN), a_follow(CYD, BOB)])
    page = await store.feed(ANN, Window(10))
    told = [json.loads(one.payload or b"") for one in page.notifications]
    assert [one["follower_username"] for one in told] == ["user3", "user2"]
    assert await counts(store, BOB) == (1, 1)
    assert users.calls == [{BOB, CYD}]


async def test_what_is_told_continues_the_trace_of_what_happened(
    reactions: Reactions, store: InMemoryStore
) -> None:
    await reactions.apply([a_follow()])
    (event,) = store.events
    assert isinstance(event, NotificationCreated)
    assert event.traceparent == TRACE


async def test_a_follower_who_is_gone_has_no_name(
    reactions: Reactions, store: InMemoryStore, users: InMemoryUsers
) -> None:
    users.gone.add(BOB)
    await reactions.apply([a_follow(BOB, ANN)])
    (one,) = (await store.feed(ANN, Window(10))).notifications
    assert json.loads(one.payload or b"")["follower_username"] == "deleted"


async def test_an_event_that_comes_twice_has_its_effect_once(
    reactions: Reactions, store: InMemoryStore
) -> None:
    follow = a_follow(BOB, ANN)
    await reactions.apply([follow, follow])
    await reactions.apply([follow])
    assert await counts(store, ANN) == (1, 1)


async def test_a_follow_that_comes_again_after_its_end_does_not_revive(
    reactions: Reactions, store: InMemoryStore
) -> None:
    follow = a_follow(BOB, ANN)
    await reactions.apply([follow, an_unfollow(BOB, ANN), follow])
    assert await counts(store, ANN) == (0, 0)


async def test_without_user_service_nothing_is_lost(
    reactions: Reactions, store: InMemoryStore, users: InMemoryUsers
) -> None:
    users.away = True
    batch: list[Fact] = [a_follow(BOB, ANN), a_post(9)]
    with pytest.raises(Unavailable):
        await reactions.apply(batch)
    assert (store.tables.claims, store.tables.jobs) == ({}, {})
    users.away = False
    await reactions.apply(batch)
    assert await counts(store, ANN) == (1, 1)


async def test_an_unfollow_takes_back_what_is_unread(
    reactions: Reactions, store: InMemoryStore
) -> None:
    await reactions.apply([a_follow(BOB, ANN), a_follow(CYD, ANN)])
    await reactions.apply([an_unfollow(BOB, ANN)])
    assert await counts(store, ANN) == (2, 1)


async def test_an_unfollow_leaves_what_was_read(reactions: Reactions, store: InMemoryStore) -> None:
    await reactions.apply([a_follow(BOB, ANN)])
    async with store.begin() as unit:
        await unit.mark_all_read(ANN, None)
    await reactions.apply([an_unfollow(BOB, ANN)])
    assert await counts(store, ANN) == (1, 1)


@pytest.mark.parametrize("together", [True, False])
async def test_follow_unfollow_follow_leaves_one(
    reactions: Reactions, store: InMemoryStore, together: bool
) -> None:
    facts: list[Fact] = [a_follow(BOB, ANN), an_unfollow(BOB, ANN), a_follow(BOB, ANN)]
    for batch in [facts] if together else [[fact] for fact in facts]:
        await reactions.apply(batch)
    assert (await counts(store, ANN))[1] == 1


async def test_the_end_and_the_new_beginning_of_a_follow_replace_the_old_notification(
    reactions: Reactions, store: InMemoryStore
) -> None:
    await reactions.apply([a_follow(BOB, ANN)])
    await reactions.apply([an_unfollow(BOB, ANN), a_follow(BOB, ANN)])
    (one,) = (await store.feed(ANN, Window(10))).notifications
    assert one.seq == 2


async def test_a_post_becomes_a_job_and_its_end_ends_it(
    reactions: Reactions, store: InMemoryStore
) -> None:
    post = a_post(9, BOB)
    await reactions.apply([post, a_post(10, BOB), a_post_gone(10, BOB), a_post_gone(10, BOB)])
    assert store.tables.jobs[9].post == post
    assert store.tables.jobs[10].post is None
    await reactions.apply([a_post_gone(9, BOB)])
    assert store.tables.jobs[9].post is None


async def test_the_inbox_of_a_deleted_account_is_closed_for_good(
    reactions: Reactions, store: InMemoryStore
) -> None:
    async with store.begin() as unit:
        await unit.deliver([a_draft(ANN), a_draft(BOB)])
    await reactions.apply([an_account_gone(ANN)])
    await reactions.apply([an_account_gone(ANN), a_follow(BOB, ANN)])
    assert (await counts(store, ANN))[1] == 0
    assert await counts(store, BOB) == (1, 1)
    changed = [event for event in store.events if isinstance(event, UnreadChanged)]
    assert [(one.inbox.user_id, one.inbox.unread) for one in changed] == [(ANN, 0)]
