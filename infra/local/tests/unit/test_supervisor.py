"""A part that dies is reported, and started again more and more slowly."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pinstack_local.supervisor import LONGEST_DELAY, STEADY_SECONDS, Supervisor

from tests.fakes import ManualClock, SleepingComponent


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[SleepingComponent]:
    with SleepingComponent(tmp_path) as component:
        yield component


class Watched:
    """A supervisor with its clock and what it said."""

    def __init__(self, component: SleepingComponent, *, restart: bool = True) -> None:
        self.clock = ManualClock()
        self.said: list[str] = []
        self.supervisor = Supervisor(
            [component], self.said.append, restart=restart, clock=self.clock
        )
        self.component = component

    def step(self, seconds: float = 0) -> None:
        self.clock.now += seconds
        self.supervisor.step()

    def delay_after_death(self) -> float:
        """Kill it, and return the delay that is announced."""
        self.component.process.kill()
        self.step()
        return float(self.said[-1].split("again in ")[1].split(" s")[0])


def test_nothing_is_said_while_everything_runs(sleeper: SleepingComponent) -> None:
    watched = Watched(sleeper)
    watched.step()
    assert watched.said == []


def test_a_death_is_told_with_its_signal_and_its_log(sleeper: SleepingComponent) -> None:
    watched = Watched(sleeper)
    sleeper.log_path.write_text("the last words\n")
    watched.delay_after_death()
    assert "sleeper ended with signal SIGKILL" in watched.said[0]
    assert "| the last words" in watched.said[0]
    assert str(sleeper.log_path) in watched.said[0]


def test_it_is_started_again_when_the_delay_is_over_and_not_before(
    sleeper: SleepingComponent,
) -> None:
    watched = Watched(sleeper)
    delay = watched.delay_after_death()
    watched.step(delay - 0.1)
    assert not sleeper.process.is_running()
    watched.step(0.2)
    assert sleeper.process.is_running()
    watched.step(1)
    assert watched.said[-1] == f"sleeper is ready again after {delay + 1.1:.1f} s"


def test_recovery_is_told_when_it_is_ready_and_not_before(sleeper: SleepingComponent) -> None:
    watched = Watched(sleeper)
    sleeper.ready = False
    watched.step(watched.delay_after_death())
    watched.step(1)
    assert len(watched.said) == 1
    sleeper.ready = True
    watched.step(1)
    assert "ready again" in watched.said[-1]


def test_each_death_in_a_row_doubles_the_delay_up_to_a_limit(sleeper: SleepingComponent) -> None:
    watched = Watched(sleeper)
    delays = []
    for _ in range(8):
        delays.append(watched.delay_after_death())
        watched.step(delays[-1])
        watched.step(1)
    assert delays[:4] == [1, 2, 4, 8]
    assert delays[-1] == LONGEST_DELAY


def test_a_part_that_ran_steadily_starts_from_the_short_delay_again(
    sleeper: SleepingComponent,
) -> None:
    watched = Watched(sleeper)
    for _ in range(3):
        watched.step(watched.delay_after_death())
        watched.step(1)
    watched.step(STEADY_SECONDS + 1)
    assert watched.delay_after_death() == 1


def test_without_restart_a_dead_part_stays_dead_and_is_told_once(
    sleeper: SleepingComponent,
) -> None:
    watched = Watched(sleeper, restart=False)
    sleeper.process.kill()
    watched.step()
    watched.step(1_000_000)
    assert not sleeper.process.is_running()
    assert len(watched.said) == 1
    assert "it stays down" in watched.said[0]
