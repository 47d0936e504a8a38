"""What a service confirms of what is kept: never what it has changed, and only while it answers."""

from dataclasses import dataclass

import pytest
from service_kit.errors import Unavailable

from api_gateway.application.changes import LONGEST_SECONDS, SILENCE_SECONDS, KnownChanges
from tests.fakes.changes import InMemoryChanges


@dataclass
class Feed:
    """A feed that is followed, and a clock that stands still."""

    changes: InMemoryChanges
    known: KnownChanges
    now: list[float]

    async def later(self, seconds: float) -> float:
        """Let time pass, with the questions that would be asked meanwhile; what time it is."""
        end = self.now[0] + seconds
        while self.now[0] < end:
            self.now[0] = min(end, self.now[0] + 0.2)
            await self.known.read()
        return self.now[0]


@pytest.fixture
async def feed() -> Feed:
    now, changes = [1000.0], InMemoryChanges()
    feed = Feed(changes, KnownChanges(changes, lambda: now[0]), now)
    await feed.known.read()
    return feed


async def test_what_has_not_changed_is_confirmed_for_long_but_not_for_ever(feed: Feed) -> None:
    begun = await feed.later(0.2)
    await feed.later(LONGEST_SECONDS - 1)
    assert feed.known.confirm(7, begun)
    await feed.later(1)
    assert not feed.known.confirm(7, begun)


async def test_what_has_changed_is_not_confirmed(feed: Feed) -> None:
    begun = await feed.later(0.2)
    feed.changes.made.append(7)
    await feed.later(0.2)
    assert not feed.known.confirm(7, begun)
    assert feed.known.confirm(8, begun)


async def test_what_was_read_just_after_a_change_is_not_confirmed(feed: Feed) -> None:
    feed.changes.made.append(7)
    begun = await feed.later(0.2) + 0.1
    await feed.later(1)
    assert not feed.known.confirm(7, begun)
    begun = feed.now[0]
    await feed.later(1)
    assert feed.known.confirm(7, begun)


async def test_without_answers_nothing_is_confirmed_after_less_than_a_second(feed: Feed) -> None:
    begun = await feed.later(0.2)
    feed.changes.failure = Unavailable()
    with pytest.raises(Unavailable):
        await feed.known.read()
    feed.now[0] += SILENCE_SECONDS / 2
    assert feed.known.confirm(7, begun)
    feed.now[0] += SILENCE_SECONDS / 2 + 0.01
    assert not feed.known.confirm(7, begun)
    assert SILENCE_SECONDS < 1


async def test_changes_of_a_time_without_answers_are_heard_of_afterwards(feed: Feed) -> None:
    begun = await feed.later(0.2)
    feed.now[0] += 5
    feed.changes.made.append(7)
    await feed.known.read()
    assert feed.known.confirm(8, begun)
    assert not feed.known.confirm(7, begun)


async def test_nothing_is_confirmed_that_is_older_than_what_is_known(feed: Feed) -> None:
    begun = await feed.later(0.2)
    assert not feed.known.confirm(7, 999.0)
    feed.changes.forgets = True
    await feed.later(0.2)
    feed.changes.forgets = False
    await feed.later(0.2)
    assert not feed.known.confirm(7, begun)
    assert feed.known.confirm(7, feed.now[0])


async def test_of_too_many_changes_the_earliest_take_what_was_read_before_them(feed: Feed) -> None:
    begun = await feed.later(0.2)
    feed.changes.made += range(1, 50_001)
    await feed.later(1)
    assert feed.known.confirm(60_000, begun)
    later = await feed.later(1)
    feed.changes.made.append(50_001)
    await feed.later(1)
    assert not feed.known.confirm(60_000, begun)
    assert not feed.known.confirm(1, begun)
    assert feed.known.confirm(60_000, later)


async def test_before_the_first_answer_nothing_is_confirmed() -> None:
    assert not KnownChanges(InMemoryChanges(), lambda: 1000.0).confirm(7, 1000.0)
