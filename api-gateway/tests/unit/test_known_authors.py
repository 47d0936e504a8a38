"""Profiles beside posts: asked for once, and again as soon as they may have changed."""

from dataclasses import dataclass

import pytest
from service_kit.errors import Unavailable

from api_gateway.adapters.grpc.known_authors import KnownAuthors
from api_gateway.application.changes import KnownChanges
from api_gateway.application.recent_writes import RecentWrites
from tests.fakes.authors import InMemoryAuthors, an_author
from tests.fakes.changes import InMemoryChanges


@dataclass
class Keeping:
    """Two authors, what is known of them, and a clock that stands still."""

    authors: InMemoryAuthors
    known: KnownAuthors
    writes: RecentWrites
    feed: InMemoryChanges
    changes: KnownChanges
    now: list[float]

    async def later(self, seconds: float = 0.01) -> None:
        """Let time pass, and ask for changes."""
        self.now[0] += seconds
        await self.changes.read()

    async def name(self, user_id: int = 1) -> str | None:
        """The name that stands beside a post."""
        found = await self.known.get(user_id)
        return None if found is None else found.username


@pytest.fixture
async def keeping() -> Keeping:
    now = [1000.0]
    writes, feed = RecentWrites(lambda: now[0]), InMemoryChanges()
    writes.hears(True)
    changes = KnownChanges(feed, lambda: now[0])
    authors = InMemoryAuthors(an_author(1, "ann"), an_author(2, "bob"))
    known = KnownAuthors(authors, writes, changes, lambda: now[0])
    keeping = Keeping(authors, known, writes, feed, changes, now)
    await keeping.later()
    await keeping.later()
    return keeping


async def test_who_is_known_is_not_asked_for_again(keeping: Keeping) -> None:
    assert set(await keeping.known.get_many([1, 2])) == {1, 2}
    await keeping.later(5)
    assert set(await keeping.known.get_many([1, 2, 3])) == {1, 2}
    assert await keeping.name() == "ann"
    assert keeping.authors.asked == [(1, 2), (3,)]


async def test_a_rename_through_a_gateway_shows_at_once(keeping: Keeping) -> None:
    assert await keeping.name() == "ann"
    keeping.authors.users[1] = an_author(1, "anna")
    keeping.writes.note(1, profile=True)
    keeping.now[0] += 0.01
    assert await keeping.name() == "anna"


async def test_another_write_leaves_the_profile_as_it_was(keeping: Keeping) -> None:
    assert await keeping.name() == "ann"
    keeping.writes.note(1)
    await keeping.later()
    assert await keeping.name() == "ann"
    assert len(keeping.authors.asked) == 1


async def test_a_rename_by_another_way_shows_with_the_next_answer(keeping: Keeping) -> None:
    assert await keeping.name() == "ann"
    keeping.authors.users[1] = an_author(1, "anna")
    keeping.feed.made.append(1)
    await keeping.later(0.25)
    assert await keeping.name() == "anna"


async def test_who_is_deleted_is_gone_with_the_next_answer(keeping: Keeping) -> None:
    assert await keeping.name() == "ann"
    del keeping.authors.users[1]
    keeping.feed.made.append(1)
    await keeping.later(0.25)
    assert await keeping.name() is None


async def test_while_changes_are_not_known_everybody_is_asked_for(keeping: Keeping) -> None:
    assert await keeping.name() == "ann"
    keeping.authors.users[1] = an_author(1, "anna")
    keeping.now[0] += 1
    assert await keeping.name() == "anna"


async def test_while_other_gateways_are_not_heard_everybody_is_asked_for(keeping: Keeping) -> None:
    assert await keeping.name() == "ann"
    keeping.writes.hears(False)
    await keeping.name()
    assert len(keeping.authors.asked) == 2


async def test_a_failure_is_raised_and_not_remembered(keeping: Keeping) -> None:
    keeping.authors.failure = Unavailable()
    with pytest.raises(Unavailable):
        await keeping.name()
    keeping.authors.failure = None
    assert await keeping.name() == "ann"
