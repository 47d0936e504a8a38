"""Heavy work takes its share of the processors, and no more in the long run."""

import asyncio
import time
from pathlib import Path

import pytest
from service_kit.work_budget import WorkBudget, own_processors


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def budget(clock: Clock) -> WorkBudget:
    return WorkBudget(0.25, 3.0, processors=2, clock=clock)


def test_what_was_saved_may_be_spent_at_once(budget: WorkBudget) -> None:
    budget.spend(2.9)

    assert budget.wait() == 0


def test_a_piece_that_took_too_much_is_paid_for_before_the_next_one(
    budget: WorkBudget, clock: Clock
) -> None:
    budget.spend(4.0)

    assert budget.wait() == pytest.approx(2.0)
    clock.now += 2.0
    assert budget.wait() == 0


def test_in_the_long_run_it_is_the_share(budget: WorkBudget, clock: Clock) -> None:
    begun, done = clock.now, 0.0
    while clock.now < begun + 1000:
        clock.now += budget.wait() + 0.1
        budget.spend(0.1)
        done += 0.1

    assert done == pytest.approx(3.0 + 1000 * 0.25 * 2, rel=0.01)


def test_no_more_is_saved_than_is_said(budget: WorkBudget, clock: Clock) -> None:
    clock.now += 1_000_000
    budget.spend(5.0)

    assert budget.wait() == pytest.approx(4.0)


def test_who_waits_behind_others_is_told_how_long(budget: WorkBudget) -> None:
    assert budget.wait(ahead=3.0) == 0
    assert budget.wait(ahead=4.0) == pytest.approx(2.0)


async def test_a_turn_comes_when_there_is_time_again() -> None:
    budget = WorkBudget(0.5, 0.01, processors=1)
    budget.spend(0.02)
    owed = budget.wait()
    begun = time.monotonic()

    async with asyncio.timeout(10):
        await budget.turn()

    assert owed > 0
    assert time.monotonic() - begun >= owed * 0.9
    assert budget.wait() == 0


def test_it_knows_the_processors(tmp_path: Path) -> None:
    quota = tmp_path / "cpu.max"
    everything = own_processors(quota)
    assert everything >= 1
    for text, expected in (("50000 100000\n", 0.5), ("max 100000\n", everything), ("", everything)):
        quota.write_text(text)
        assert own_processors(quota) == expected
