"""Posts that are told as soon as they are heard of."""

import asyncio
import json
from collections.abc import Sequence

import pytest
from service_kit.errors import Unavailable

from notification_service.adapters.posts_together import PostsTogether
from notification_service.application.fan_out import FanOut
from notification_service.application.publication import MOST_POSTS, Publication
from notification_service.application.reactions import Reactions
from notification_service.domain.errors import AlreadySent, AppError
from notification_service.domain.events import NotificationCreated
from notification_service.domain.facts import Fact, PostPublished
from notification_service.domain.fan_out import FanOutJob, Followers, Step, told_at_once
from notification_service.domain.models import Window
from tests.builders import RECEPTION, TRACE, a_follow, a_post, a_post_gone
from tests.fakes import InMemoryFollowership, InMemoryStore, InMemoryUsers
from tests.refusing_units import RefusingUnits

BATCH = 100
READER = 1
BIG = 99
SMALL = range(10, 18)


class Town:
    """Authors whom READER and one other follow each, and one whom a crowd follows as well."""

    def __init__(self) -> None:
        followers = {author_id: [READER, 100 + author_id] for author_id in SMALL}
        crowd = {BIG: [READER, *range(1000, 1000 + BATCH)]}
        self.store = InMemoryStore()
        self.users = InMemoryUsers()
        self.followership = InMemoryFollowership(followers | crowd)
        self.units = RefusingUnits(self.store)
        services = self.users, self.followership, self.units
        self.fan_out = FanOut(self.store, *services, RECEPTION, BATCH)
        reactions = Reactions(self.users, self.units, RECEPTION)
        self.effects = PostsTogether(Publication(self.fan_out), reactions, (AppError,))

    async def hear(self, *facts: Fact) -> Sequence[Fact]:
        return await self.effects.apply(facts)

    async def read(self, user_id: int = READER) -> list[int]:
        """The posts of which somebody was told, the first one first."""
        feed = await self.store.feed(user_id, Window(BATCH))
        return [json.loads(one.payload or b"")["post_id"] for one in reversed(feed.notifications)]

    @property
    def waiting(self) -> set[int]:
        """Posts whose jobs are not done."""
        return set(self.store.tables.jobs) - self.store.tables.done


@pytest.fixture
def town() -> Town:
    return Town()


def posts_of(*author_ids: int) -> list[PostPublished]:
    """A post of each, with the id of its author."""
    return [a_post(author_id, author_id) for author_id in author_ids]


async def test_a_post_of_a_small_author_is_told_with_its_event_and_leaves_no_work(
    town: Town,
) -> None:
    (post,) = posts_of(SMALL[0])
    assert list(await town.hear(post)) == []
    assert (await town.read(), await town.read(100 + SMALL[0])) == ([post.post_id], [post.post_id])
    assert (town.units.begun, town.waiting) == (1, set())
    assert not await town.fan_out.turn()
    (event, _) = town.store.events
    assert isinstance(event, NotificationCreated)
    assert (event.traceparent, event.event_id) == (TRACE, post.event_id)


async def test_an_event_that_comes_again_tells_nobody_twice(town: Town) -> None:
    (post,) = posts_of(SMALL[0])
    await town.hear(post, post)
    assert list(await town.hear(post)) == []
    assert await town.read() == [post.post_id]


async def test_what_is_heard_of_at_the_same_time_shares_a_transaction(town: Town) -> None:
    async with asyncio.TaskGroup() as partitions:
        for post in posts_of(*SMALL):
            partitions.create_task(town.hear(post))
    assert sorted(await town.read()) == list(SMALL)
    assert (town.units.begun, len(town.users.calls), len(town.followership.calls)) == (1, 1, 1)


async def test_a_big_author_is_left_to_the_workers(town: Town) -> None:
    big, small = posts_of(BIG, SMALL[0])
    assert list(await town.hear(big, small)) == [big]
    assert (await town.read(), town.waiting) == ([SMALL[0]], {BIG})


async def test_a_post_waits_for_an_earlier_one_of_its_author(town: Town) -> None:
    first, second = a_post(1, SMALL[0]), a_post(2, SMALL[0])
    town.followership.away = True
    assert list(await town.hear(first)) == [first]
    town.followership.away = False
    again = Publication(town.fan_out)  # one that does not rest
    assert await again.apply([(second,)]) == {(second,): (second,)}
    while await town.fan_out.turn():
        pass
    assert await town.read() == [1, 2]


async def test_while_a_service_is_away_jobs_wait_and_it_is_left_alone(town: Town) -> None:
    town.followership.away = True
    posts = posts_of(*SMALL)
    for post in posts:
        assert list(await town.hear(post)) == [post]
    assert (town.waiting, len(town.followership.calls)) == (set(SMALL), 1)


async def test_a_post_whose_end_is_heard_of_first_is_told_to_nobody(town: Town) -> None:
    await town.hear(a_post_gone(SMALL[0]))
    await town.hear(*posts_of(SMALL[0]))
    assert await town.read() == []


async def test_a_post_that_ends_with_the_same_events_is_left_to_the_workers(town: Town) -> None:
    (post,) = posts_of(SMALL[0])
    await town.hear(post, a_post_gone(SMALL[0]))
    while await town.fan_out.turn():
        pass
    assert await town.read() == []


async def test_a_post_that_cannot_be_told_leaves_jobs_of_all_that_came_with_it(town: Town) -> None:
    posts = posts_of(*SMALL)
    town.units.refused = {SMALL[2]}
    assert list(await town.hear(*posts)) == posts
    with pytest.raises(AlreadySent):
        await town.fan_out.turn()
    assert sorted(await town.read()) == [one for one in SMALL if one != SMALL[2]]


async def test_while_the_database_is_away_events_stay_where_they_are(town: Town) -> None:
    town.units.are_away = True
    with pytest.raises(Unavailable):
        await town.hear(*posts_of(*SMALL))
    assert town.units.begun == 1


async def test_more_posts_than_one_call_takes_are_told_in_part(town: Town) -> None:
    town.followership.followers[7] = [READER]
    posts = [a_post(number, 7) for number in range(1, MOST_POSTS + 2)]
    assert list(await town.hear(*posts)) == [posts[-1]]


async def test_other_facts_have_their_effect_beside_posts(town: Town) -> None:
    follow, (post,) = a_follow(7, READER), posts_of(SMALL[0])
    assert list(await town.hear(follow)) == [follow]
    assert list(await town.hear(follow, post)) == [follow, post]
    assert town.waiting == {SMALL[0]}


def test_the_posts_of_one_author_are_told_at_once_up_to_the_first_that_is_not() -> None:
    sizes = ((1, 10, 2), (2, 20, 9), (3, 30, 3), (4, 20, 1), (5, 40, 1))
    steps = [a_step(*size) for size in sizes]
    assert [step.job.post_id for step in told_at_once(steps, 6)] == [1, 3, 5]


def a_step(post_id: int, author_id: int, followers: int) -> Step:
    """A post of which all the followers are to be told."""
    post = a_post(post_id, author_id)
    ids = tuple(range(1, followers + 1))
    return Step(FanOutJob(post_id, author_id, post), post.content("ann"), Followers(ids, True))
