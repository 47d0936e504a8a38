"""Telling the followers of several authors at once."""

import json
from collections.abc import Sequence
from datetime import timedelta

import pytest
from service_kit.errors import Unavailable

from notification_service.application.fan_out import MOST_JOBS, FanOut
from notification_service.domain.errors import AlreadySent
from notification_service.domain.events import NotificationCreated
from notification_service.domain.fan_out import FanOutJob, Followers
from notification_service.domain.models import Window
from tests.builders import RECEPTION, a_post, a_post_gone
from tests.fakes import InMemoryFollowership, InMemoryStore, InMemoryUsers
from tests.refusing_units import RefusingUnits

BATCH = 100
READER = 1
BIG, BIGGER = 98, 99
SMALL = range(10, 18)
CROWD = range(1000, 1000 + 3 * BATCH)


class Town:
    """Authors whom READER and one other follow each, and two whom a crowd follows as well."""

    def __init__(self) -> None:
        followers = {author_id: [READER, 100 + author_id] for author_id in SMALL}
        crowds = {author_id: [READER, *CROWD] for author_id in (BIG, BIGGER)}
        self.store = InMemoryStore()
        self.users = InMemoryUsers()
        self.followership = InMemoryFollowership(followers | crowds)
        self.units = RefusingUnits(self.store)
        services = self.users, self.followership, self.units
        self.fan_out = FanOut(self.store, *services, RECEPTION, BATCH)

    async def publish(self, *author_ids: int) -> None:
        """A post of each, with the id of its author."""
        for author_id in author_ids:
            async with self.store.begin() as unit:
                await unit.add([a_post(author_id, author_id)])

    async def delete(self, post_id: int) -> None:
        async with self.store.begin() as unit:
            await unit.cancel([a_post_gone(post_id)])

    async def read(self, user_id: int = READER) -> list[int]:
        """The posts of which somebody was told, the first one first."""
        feed = await self.store.feed(user_id, Window(BATCH))
        return [json.loads(one.payload or b"")["post_id"] for one in reversed(feed.notifications)]

    def told(self) -> list[tuple[int, int]]:
        """Posts and whom they were told, in the order of the transactions."""
        return [
            (int((event.subject or "").removeprefix("post:")), event.notification.user_id)
            for event in self.store.events
            if isinstance(event, NotificationCreated)
        ]


class Meanwhile(InMemoryFollowership):
    """Something happens between the lease and the transaction."""

    def __init__(self, town: Town, deleted: int) -> None:
        super().__init__(town.followership.followers)
        self._town = town
        self._deleted = deleted

    async def of_many(self, places: Sequence[tuple[int, int]], limit: int) -> list[Followers]:
        await self._town.delete(self._deleted)
        return await super().of_many(places, limit)


@pytest.fixture
def town() -> Town:
    return Town()


async def test_small_authors_cost_one_transaction_and_one_call_of_each_service(town: Town) -> None:
    town.users.gone.add(SMALL[-1])
    await town.publish(*SMALL)
    assert await town.fan_out.turn()
    assert (town.units.begun, len(town.users.calls), len(town.followership.calls)) == (1, 1, 1)
    told = {(one, user_id) for one in SMALL for user_id in town.followership.followers[one]}
    assert (set(town.told()), len(town.told())) == (told, 2 * len(SMALL))
    (last, *_) = (await town.store.feed(READER, Window(1))).notifications
    assert json.loads(last.payload or b"")["author_username"] == "deleted"
    assert not await town.fan_out.turn()


async def test_one_who_follows_several_is_told_in_the_order_in_which_the_posts_waited(
    town: Town,
) -> None:
    order = [14, 10, 17, 12]
    await town.publish(*order)
    await town.fan_out.turn()
    assert await town.read() == order
    states = [event.inbox for event in town.store.events if isinstance(event, NotificationCreated)]
    assert [one.last_seq for one in states if one.user_id == READER] == [1, 2, 3, 4]


async def test_small_authors_do_not_wait_for_a_big_one_that_came_before(town: Town) -> None:
    await town.publish(BIG, *SMALL)
    await town.fan_out.turn()
    assert town.units.begun == 2
    told = [post_id for post_id, _ in town.told()]
    assert told == [*(one for one in SMALL for _ in range(2)), *([BIG] * BATCH)]


async def test_big_authors_share_a_batch_and_then_get_one_each(town: Town) -> None:
    await town.publish(BIG, BIGGER)
    await town.fan_out.turn()
    assert [post_id for post_id, _ in town.told()] == [BIG] * 50 + [BIGGER] * 50
    await town.fan_out.turn()
    assert [post_id for post_id, _ in town.told()[100:]] == [BIG] * 100
    while await town.fan_out.turn():
        pass
    everybody = [READER, *CROWD]
    assert sorted(town.told()) == [(one, user) for one in (BIG, BIGGER) for user in everybody]


async def test_no_more_jobs_are_leased_than_can_get_on_in_one_batch(town: Town) -> None:
    asked = _Asked()
    for batch in (2, 10_000):
        services = town.users, town.followership, town.units
        await FanOut(asked, *services, RECEPTION, batch).turn()
    assert asked.most == [2, MOST_JOBS]


class _Asked(InMemoryStore):
    """Notes how many jobs are asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.most: list[int] = []

    async def lease(self, duration: timedelta, most: int) -> list[FanOutJob]:
        self.most.append(most)
        return await super().lease(duration, most)


async def test_a_post_that_is_gone_between_lease_and_transaction_is_told_to_nobody(
    town: Town,
) -> None:
    await town.publish(*SMALL)
    services = town.users, Meanwhile(town, SMALL[3]), town.units
    await FanOut(town.store, *services, RECEPTION, BATCH).turn()
    assert await town.read() == [one for one in SMALL if one != SMALL[3]]
    while await town.fan_out.turn():
        pass
    assert SMALL[3] not in {post_id for post_id, _ in town.told()}


async def test_a_job_that_fails_holds_up_no_other(town: Town) -> None:
    await town.publish(BIG, *SMALL)
    town.units.refused = {SMALL[2]}
    with pytest.raises(AlreadySent):
        await town.fan_out.turn()
    told = [*(one for one in SMALL if one != SMALL[2]), BIG]
    assert sorted(await town.read()) == told
    jobs = town.store.tables.jobs
    assert {one: job.failures for one, job in jobs.items() if job.failures} == {SMALL[2]: 1}
    town.units.refused.clear()
    await town.store.postpone([(jobs[SMALL[2]], timedelta(0))])
    await town.fan_out.turn()
    assert (await town.read())[-1] == SMALL[2]


async def test_while_a_service_is_away_all_jobs_wait_and_posts_are_still_taken_back(
    town: Town,
) -> None:
    await town.publish(SMALL[0])
    await town.fan_out.turn()
    await town.publish(*SMALL[1:])
    await town.delete(SMALL[0])
    town.followership.away = True
    with pytest.raises(Unavailable):
        await town.fan_out.turn()
    assert await town.read() == []
    assert {town.store.tables.jobs[one].failures for one in SMALL[1:]} == {1}


async def test_a_database_that_is_away_is_not_asked_again_for_each_job(town: Town) -> None:
    await town.publish(*SMALL)
    town.units.are_away = True
    with pytest.raises(Unavailable):
        await town.fan_out.turn()
    assert town.units.begun == 1
    assert {job.failures for job in town.store.tables.jobs.values()} == {1}
