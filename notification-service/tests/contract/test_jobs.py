"""Fan-out jobs and claims, in memory and in PostgreSQL."""

from collections.abc import Mapping
from datetime import timedelta

from notification_service.domain.facts import PostPublished
from notification_service.domain.fan_out import Advance, FanOutJob
from tests.builders import a_follow, a_post, a_post_gone
from tests.contract.stores import Store

LEASE = timedelta(seconds=30)
NO_TIME = timedelta(0)
ANY_AGE = timedelta(days=-1)
NO_AGE = timedelta(days=1)


async def test_a_job_is_leased_with_what_its_followers_are_to_be_told(store: Store) -> None:
    post = a_post(9, 7, "Ahoj \N{SNOWMAN}")
    await _add(store, post)
    assert await store.queue.lease(LEASE, 9) == [FanOutJob(9, 7, post)]
    assert await store.queue.lease(LEASE, 9) == []


async def test_a_job_whose_lease_is_over_is_given_to_another(store: Store) -> None:
    await _add(store, a_post(9))
    first = await store.queue.lease(NO_TIME, 9)
    assert first
    assert await store.queue.lease(NO_TIME, 9) == first


async def test_jobs_are_leased_together_those_first_that_have_waited_longest(store: Store) -> None:
    for post_id in (5, 3, 4, 1, 2):
        await _add(store, a_post(post_id, author_id=post_id))
    assert [job.post_id for job in await store.queue.lease(LEASE, 3)] == [5, 3, 4]
    assert [job.post_id for job in await store.queue.lease(LEASE, 3)] == [1, 2]


async def test_of_the_jobs_that_take_long_a_worker_gets_one_beside_others(store: Store) -> None:
    for post_id in (1, 2, 3, 4, 5):
        await _add(store, a_post(post_id, author_id=post_id))
    for job in await store.queue.lease(LEASE, 3):
        assert await _advance(store, job, 50)
    await _cancel(store, 3)
    assert [job.post_id for job in await store.queue.lease(LEASE, 9)] == [4, 5, 1]
    assert [job.post_id for job in await store.queue.lease(LEASE, 9)] == [2]
    assert [job.post_id for job in await store.queue.lease(LEASE, 9)] == [3]


async def test_only_those_of_several_jobs_advance_that_are_where_they_were(store: Store) -> None:
    for post_id in (1, 2, 3, 4):
        await _add(store, a_post(post_id, author_id=post_id))
    jobs = await store.queue.lease(LEASE, 9)
    assert await _advance(store, jobs[1], 50)
    await _cancel(store, 3)
    async with store.units.begin() as unit:
        moves = [Advance(job, 70, is_done=job.post_id == 4) for job in jobs]
        assert await unit.jobs.advance(moves) == {1, 4}
    left = [job for _ in range(3) for job in await store.queue.lease(LEASE, 9)]
    assert {(job.post_id, job.checkpoint) for job in left} == {(1, 70), (2, 50), (3, 0)}


async def test_jobs_that_are_postponed_together_wait_each_for_its_time(store: Store) -> None:
    for post_id in (1, 2):
        await _add(store, a_post(post_id, author_id=post_id))
    first, second = await store.queue.lease(LEASE, 9)
    await store.queue.postpone([(first, LEASE), (second, NO_TIME)])
    (again,) = await store.queue.lease(LEASE, 9)
    assert (again.post_id, again.failures) == (2, 1)


async def test_a_job_goes_on_from_where_it_was_and_then_is_done(store: Store) -> None:
    await _add(store, a_post(9))
    job = await _lease(store)
    assert await _advance(store, job, 50)
    job = await _lease(store)
    assert job.checkpoint == 50
    assert await _advance(store, job, 70, is_done=True)
    assert await store.queue.lease(LEASE, 9) == []


async def test_of_two_who_did_the_same_batch_only_one_moves_the_job(store: Store) -> None:
    await _add(store, a_post(9))
    job = await _lease(store)
    assert await _advance(store, job, 50)
    assert not await _advance(store, job, 50)
    again = await _lease(store)
    assert await _advance(store, again, 50, is_done=True)
    assert not await _advance(store, again, 50, is_done=True)


async def test_posts_that_are_told_as_they_are_added_leave_nothing_to_do(store: Store) -> None:
    assert await _add(store, a_post(1, 10), a_post(2, 20), a_post(3, 20), reached={1: 5, 3: 6}) == {
        1,
        3,
    }
    assert [job.post_id for job in await store.queue.lease(LEASE, 9)] == [2]
    assert await _add(store, a_post(1, 10), reached={1: 5}) == set()
    await _cancel(store, 1)
    assert (await _lease(store)).post is None


async def test_a_post_is_not_told_before_an_earlier_one_of_its_author(store: Store) -> None:
    await _add(store, a_post(1, 10), a_post(2, 20))
    assert await _add(store, a_post(3, 10), a_post(4, 30), reached={3: 5, 4: 5}) == {4}
    first, second = await store.queue.lease(LEASE, 9)
    await _advance(store, first, 5, is_done=True)
    assert (await _lease(store)).post_id == 3
    await _advance(store, second, 5, is_done=True)
    assert await _add(store, a_post(5, 20), reached={5: 5}) == {5}


async def test_who_has_waited_longest_is_next(store: Store) -> None:
    await _add(store, a_post(1, author_id=10))
    await _add(store, a_post(2, author_id=20))
    turns = []
    for _ in range(4):
        job = await _lease(store)
        turns.append(job.post_id)
        assert await _advance(store, job, job.checkpoint + 1)
    assert turns == [1, 2, 1, 2]


async def test_the_posts_of_one_author_are_told_one_after_the_other(store: Store) -> None:
    await _add(store, a_post(1, author_id=10), a_post(2, author_id=10), a_post(3, author_id=20))
    first, second = await _lease(store), await _lease(store)
    assert {first.post_id, second.post_id} == {1, 3}
    assert await store.queue.lease(LEASE, 9) == []
    for job in (first, second):
        await _advance(store, job, 1, is_done=True)
    assert (await _lease(store)).post_id == 2


async def test_posts_of_an_author_are_told_as_they_came_whatever_their_ids(store: Store) -> None:
    await _add(store, a_post(9, author_id=10), a_post(5, author_id=10))
    await _add(store, a_post(2, author_id=10))
    told = []
    while waiting := await store.queue.lease(LEASE, 9):
        (job,) = waiting
        told.append(job.post_id)
        await _advance(store, job, 1, is_done=True)
    assert told == [9, 5, 2]


async def test_a_job_that_failed_waits_and_knows_how_often(store: Store) -> None:
    await _add(store, a_post(9))
    job = await _lease(store)
    await store.queue.postpone([(job, LEASE)])
    assert await store.queue.lease(LEASE, 9) == []
    await store.queue.postpone([(job, NO_TIME)])
    again = await _lease(store)
    assert again.failures == 2
    await _advance(store, again, 5)
    assert (await _lease(store)).failures == 0


async def test_a_post_that_is_gone_is_taken_back_from_the_first_follower_on(store: Store) -> None:
    await _add(store, a_post(9, 7))
    job = await _lease(store)
    await _advance(store, job, 50)
    await _cancel(store, 9)
    assert not await _advance(store, job, 90)
    assert await _lease(store) == FanOutJob(9, 7, None)


async def test_a_post_whose_end_is_heard_of_first_is_never_told(store: Store) -> None:
    await _cancel(store, 9)
    await _add(store, a_post(9, 7))
    job = await _lease(store)
    assert job.post is None
    await _advance(store, job, 0, is_done=True)
    await _add(store, a_post(9, 7))
    assert await store.queue.lease(LEASE, 9) == []


async def test_a_job_that_is_taken_back_waits_for_no_other_post(store: Store) -> None:
    await _add(store, a_post(1), a_post(2))
    await _cancel(store, 2)
    assert {(await _lease(store)).post_id, (await _lease(store)).post_id} == {1, 2}


async def test_jobs_that_are_done_are_forgotten_when_they_are_old(store: Store) -> None:
    await _add(store, a_post(1), a_post(2))
    await _advance(store, await _lease(store), 0, is_done=True)
    async with store.units.begin() as unit:
        assert await unit.remains.forget_jobs(NO_AGE, 10) == 0
        assert await unit.remains.forget_jobs(ANY_AGE, 10) == 1
    assert (await _lease(store)).post_id == 2


async def test_an_event_is_claimed_once(store: Store) -> None:
    one, other = a_follow(7), a_follow(8)
    async with store.units.begin() as unit:
        assert await unit.claim([one]) == {one.event_id}
    async with store.units.begin() as unit:
        assert await unit.claim([one, other]) == {other.event_id}
    async with store.units.begin() as unit:
        assert await unit.remains.forget_claims(NO_AGE, 10) == 0
        assert await unit.remains.forget_claims(ANY_AGE, 10) == 2
        assert await unit.claim([one]) == {one.event_id}


async def _add(
    store: Store, *posts: PostPublished, reached: Mapping[int, int] | None = None
) -> set[int]:
    async with store.units.begin() as unit:
        return await unit.jobs.add(posts, reached or {})


async def _cancel(store: Store, post_id: int) -> None:
    async with store.units.begin() as unit:
        await unit.jobs.cancel([a_post_gone(post_id)])


async def _lease(store: Store) -> FanOutJob:
    (job,) = await store.queue.lease(LEASE, 1)
    return job


async def _advance(store: Store, job: FanOutJob, checkpoint: int, *, is_done: bool = False) -> bool:
    async with store.units.begin() as unit:
        return bool(await unit.jobs.advance([Advance(job, checkpoint, is_done)]))
