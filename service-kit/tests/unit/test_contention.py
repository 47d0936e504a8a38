"""Background work gives way where processors are scarce."""

from pathlib import Path

import pytest
from service_kit.contention import Contention


class Scheduler:
    """Seconds pass, and are waited for a processor in, as the test says."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.now = 100.0
        self._waited = 7.0
        self.passes(0.0, 0.0)

    def passes(self, seconds: float, share: float) -> None:
        self.now += seconds
        self._waited += seconds * share
        self._file.write_text(f"123456789 {self._waited * 1e9:.0f} 42\n")

    def clock(self) -> float:
        return self.now


@pytest.fixture
def scheduler(tmp_path: Path) -> Scheduler:
    return Scheduler(tmp_path / "schedstat")


@pytest.fixture
def contention(scheduler: Scheduler, tmp_path: Path) -> Contention:
    return Contention(0.1, 0.3, source=tmp_path / "schedstat", clock=scheduler.clock)


@pytest.mark.parametrize(
    ("share", "expected"), [(0.0, 2.0), (0.1, 2.0), (0.2, 6.0), (0.3, 10.0), (0.9, 10.0)]
)
def test_more_is_waited_for_where_more_has_to_be(
    contention: Contention, scheduler: Scheduler, share: float, expected: float
) -> None:
    scheduler.passes(1.0, share)

    assert contention.between(2.0, 10.0) == pytest.approx(expected)


def test_one_bad_moment_counts_by_half(contention: Contention, scheduler: Scheduler) -> None:
    scheduler.passes(0.3, 0.0)
    assert contention.between(2.0, 10.0) == 2.0

    scheduler.passes(0.3, 0.4)

    assert contention.between(2.0, 10.0) == pytest.approx(6.0)


def test_after_a_rest_what_was_before_counts_no_more(
    contention: Contention, scheduler: Scheduler
) -> None:
    scheduler.passes(1.0, 0.9)
    assert contention.between(2.0, 10.0) == 10.0

    scheduler.passes(60.0, 0.0)

    assert contention.between(2.0, 10.0) == 2.0


def test_it_is_not_measured_at_every_question(contention: Contention, scheduler: Scheduler) -> None:
    scheduler.passes(0.1, 1.0)

    assert contention.between(2.0, 10.0) == 2.0


@pytest.mark.parametrize("content", [None, "", "1", "one two three"])
def test_where_the_kernel_does_not_tell_nothing_waits(
    tmp_path: Path, scheduler: Scheduler, content: str | None
) -> None:
    source = tmp_path / "other"
    if content is not None:
        source.write_text(content)
    contention = Contention(0.1, 0.3, source=source, clock=scheduler.clock)

    scheduler.passes(1.0, 1.0)

    assert contention.between(2.0, 10.0) == 2.0
