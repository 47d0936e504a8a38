"""How the steps of several jobs are divided into transactions."""

from hypothesis import given, settings
from hypothesis import strategies as st

from notification_service.domain.fan_out import FanOutJob, Followers, Step, transactions_of
from notification_service.domain.models import Content
from tests.builders import a_post

BATCH = 20
SIZES = st.lists(st.tuples(st.integers(0, BATCH), st.booleans()), max_size=BATCH)


def a_step(post_id: int, size: int, *, is_last: bool) -> Step:
    job = FanOutJob(post_id, post_id, a_post(post_id), checkpoint=5)
    return Step(job, Content("post_created"), Followers(tuple(range(6, 6 + size)), is_last))


@settings(deadline=None)
@given(SIZES)
def test_every_job_gets_on_once_in_at_most_two_transactions_of_a_batch(
    sizes: list[tuple[int, bool]],
) -> None:
    steps = [a_step(number, size, is_last=last) for number, (size, last) in enumerate(sizes)]
    parts = transactions_of(steps, BATCH)
    assert len(parts) <= 2
    assert all(sum(len(step.drafts) for step in part) <= BATCH for part in parts)
    assert sorted(step.job.post_id for part in parts for step in part) == [*range(len(steps))]
    for part in parts:
        assert [step.job.post_id for step in part] == sorted(step.job.post_id for step in part)
        for step in part:
            whole = steps[step.job.post_id]
            ids = step.followers.ids
            assert ids == whole.followers.ids[: len(ids)]
            assert ids or not whole.followers.ids
            is_whole = ids == whole.followers.ids
            assert step.advance.is_done == (is_whole and whole.followers.is_last)
            assert step.advance.checkpoint == (ids[-1] if ids else 5)


def test_what_one_does_not_need_of_its_share_the_others_have() -> None:
    steps = [a_step(1, 20, is_last=False), a_step(2, 2, is_last=False), a_step(3, 20, is_last=True)]
    (first, second) = transactions_of(steps, BATCH)
    assert [len(step.drafts) for step in first] == [20]
    assert [len(step.drafts) for step in second] == [18, 2]
