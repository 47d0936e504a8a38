"""Telling followers of posts."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from service_kit.errors import Unavailable

from notification_service.application.fan_out import FanOut
from notification_service.application.ports import JobQueue
from notification_service.application.units import Units
from notification_service.domain.fan_out import FanOutJob
from notification_service.domain.models import Window
from tests.builders import RECEPTION, a_post, a_post_gone
from tests.fakes import InMemoryFollowership, InMemoryStore, InMemoryUsers
from tests.unit_of_work import InMemoryUnit

ANN, BOB = 100, 200


class World:
    """Two authors, five followers of the one and two of the other."""

    def __init__(self) -> None:
        self.store = InMemoryStore()
        self.users = InMemoryUsers()
        self.followership = InMemoryFollowership({ANN: [1, 2, 3, 4, 5], BOB: [1, 6]})
        self.fan_out = self.worker()

    def worker(self, queue: JobQueue | None = None, units: Units | None = None) -> FanOut:
        """One of those that share the work, perhaps with a queue or with units of its own."""
        services = self.users, self.followership
        return FanOut(queue or self.store, *services, units or self.store, RECEPTION, 2)

    async def publish(self, *post_ids: int, author_id: int = ANN) -> None:
        async with self.store.begin() as unit:
            await unit.add([a_post(post_id, author_id) for post_id in post_ids])

    async def delete(self, post_id: int) -> None:
        async with self.store.begin() as unit:
            await unit.cancel([a_post_gone(post_id)])

    async def finish(self) -> int:
        """Take turns until nothing is left; returns how many."""
        turns = 0
        while await self.fan_out.turn():
            turns += 1
        return turns

    async def no_longer_postponed(self) -> None:
        """Let what waits be due."""
        jobs = self.store.tables.jobs.values()
        await self.store.postpone([(job, timedelta(0)) for job in jobs])

    async def told(self) -> list[int]:
        """Who has something in the inbox."""
        states = await self.store.states(range(1, 10))
        return [state.user_id for state in states for _ in range(state.total)]


@pytest.fixture
def world() -> World:
    return World()


async def test_each_follower_is_told_once_in_batches(world: World) -> None:
    await world.publish(9)
    assert await world.fan_out.turn()
    assert await world.told() == [1, 2]
    assert await world.finish() == 2
    assert await world.told() == [1, 2, 3, 4, 5]
    (one,) = (await world.store.feed(3, Window(5))).notifications
    assert one.type == "post_created"
    assert json.loads(one.payload or b"")["author_username"] == "user100"


async def test_an_author_without_followers_is_done_at_once(world: World) -> None:
    await world.publish(9, author_id=300)
    assert await world.finish() == 1
    assert await world.told() == []


async def test_no_author_waits_for_another(world: World) -> None:
    await world.publish(9, author_id=ANN)
    await world.publish(10, author_id=BOB)
    assert await world.fan_out.turn()
    assert await world.told() == [1, 1, 2, 6]


async def test_a_worker_that_is_late_tells_nobody_a_second_time(world: World) -> None:
    """Its lease was over, and another one has done its batch, and one job altogether."""
    await world.publish(9)
    await world.publish(10, author_id=BOB)
    jobs = await world.store.lease(timedelta(0), 2)
    assert await world.fan_out.turn()
    assert await world.worker(_Given(jobs)).turn()
    assert await world.told() == [1, 1, 2, 6]
    await world.finish()
    assert await world.told() == [1, 1, 2, 3, 4, 5, 6]


class _Given(InMemoryStore):
    """Leases jobs, whatever became of them."""

    def __init__(self, jobs: list[FanOutJob]) -> None:
        super().__init__()
        self._jobs = jobs

    async def lease(self, duration: timedelta, most: int) -> list[FanOutJob]:
        return self._jobs


@pytest.mark.parametrize("who", ["users", "followership"])
async def test_a_job_waits_while_a_service_is_away_and_goes_on_from_where_it_was(
    world: World, who: str
) -> None:
    await world.publish(9)
    assert await world.fan_out.turn()
    service = getattr(world, who)
    service.away = True
    with pytest.raises(Unavailable):
        await world.fan_out.turn()
    assert not await world.fan_out.turn()  # it is postponed
    assert world.store.tables.jobs[9].failures == 1
    service.away = False
    await world.no_longer_postponed()
    await world.finish()
    assert await world.told() == [1, 2, 3, 4, 5]


async def test_a_batch_that_fails_is_told_to_nobody_and_is_told_later(world: World) -> None:
    await world.publish(9)
    with pytest.raises(Unavailable):
        await world.worker(units=_Failing(world.store)).turn()
    assert await world.told() == []
    await world.no_longer_postponed()
    await world.finish()
    assert await world.told() == [1, 2, 3, 4, 5]


class _Failing(InMemoryStore):
    """Loses the database right before each commit."""

    def __init__(self, store: InMemoryStore) -> None:
        super().__init__()
        self._store = store

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[InMemoryUnit]:
        async with self._store.begin() as unit:
            yield unit
            raise Unavailable


async def test_a_post_that_is_gone_is_taken_back_from_all_who_have_not_read_it(
    world: World,
) -> None:
    await world.publish(9)
    await world.publish(10, author_id=BOB)
    await world.finish()
    async with world.store.begin() as unit:
        await unit.mark_all_read(2, None)
    await world.delete(9)
    assert await world.finish() == 3  # four are unread, two a batch, and a last look
    assert await world.told() == [1, 2, 6]


async def test_a_post_that_is_gone_half_way_is_told_to_nobody_else(world: World) -> None:
    await world.publish(9)
    assert await world.fan_out.turn()
    await world.delete(9)
    await world.finish()
    assert await world.told() == []


async def test_a_deleted_follower_is_skipped(world: World) -> None:
    async with world.store.begin() as unit:
        await unit.close({3})
    await world.publish(9)
    await world.finish()
    assert await world.told() == [1, 2, 4, 5]
