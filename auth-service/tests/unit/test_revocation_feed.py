"""The stream of revocations."""

from datetime import timedelta

import pytest

from auth_service.application.revocation_feed import CaughtUp, FeedItem, Pulse, RevocationFeed
from auth_service.domain.models import Revocation
from tests.fakes import Clock, InMemoryRevocations, Tables

LIFE = timedelta(minutes=15)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tables(clock: Clock) -> Tables:
    return Tables(clock)


@pytest.fixture
def revocations(tables: Tables) -> InMemoryRevocations:
    return InMemoryRevocations(tables)


def _revoke(tables: Tables, *user_ids: int) -> None:
    for user_id in user_ids:
        number = len(tables.revocations) + 1
        tables.revocations.append(Revocation(number, user_id, None, tables.clock()))


async def _seen(revocations: InMemoryRevocations, clock: Clock, after_id: int) -> list[object]:
    """All that is streamed: ids of revocations, and what else comes, until the feed is closed."""
    feed = RevocationFeed(revocations, LIFE, clock.seconds)
    return [_short(item) async for item in feed.watch(after_id)]


def _short(item: FeedItem) -> object:
    return item.id if isinstance(item, Revocation) else item


async def test_what_is_there_comes_first_then_caught_up_then_what_is_new(
    tables: Tables, revocations: InMemoryRevocations, clock: Clock
) -> None:
    _revoke(tables, 7, 8)
    revocations.turns = [lambda: _revoke(tables, 9, 10), lambda: _revoke(tables, 11)]
    assert await _seen(revocations, clock, 0) == [1, 2, CaughtUp(2), 3, 4, 5]


async def test_one_resumes_after_what_it_has(
    tables: Tables, revocations: InMemoryRevocations, clock: Clock
) -> None:
    _revoke(tables, 7, 8, 9)
    assert await _seen(revocations, clock, 2) == [3, CaughtUp(3)]
    assert await _seen(revocations, clock, 3) == [CaughtUp(3)]


async def test_what_no_living_token_cares_about_is_left_out(
    tables: Tables, revocations: InMemoryRevocations, clock: Clock
) -> None:
    _revoke(tables, 7)
    clock.advance(LIFE.total_seconds() + 61)
    _revoke(tables, 8)
    clock.advance(LIFE.total_seconds())
    assert await _seen(revocations, clock, 0) == [2, CaughtUp(2)]
    clock.advance(3600)
    assert await _seen(revocations, clock, 0) == [CaughtUp(2)]


@pytest.mark.parametrize("after_id", [99, -1])
async def test_an_id_that_this_database_never_gave_begins_at_the_beginning(
    tables: Tables, revocations: InMemoryRevocations, clock: Clock, after_id: int
) -> None:
    _revoke(tables, 7)
    assert await _seen(revocations, clock, after_id) == [1, CaughtUp(1)]


async def test_a_heart_beats_when_nothing_else_is_said(
    tables: Tables, revocations: InMemoryRevocations, clock: Clock
) -> None:
    revocations.turns = [
        lambda: clock.advance(9),
        lambda: clock.advance(1),
        lambda: clock.advance(9),
        lambda: _revoke(tables, 7),
        lambda: clock.advance(9),
        lambda: clock.advance(1),
    ]
    beat = Pulse.HEARTBEAT
    assert await _seen(revocations, clock, 0) == [CaughtUp(0), beat, 1, beat]
