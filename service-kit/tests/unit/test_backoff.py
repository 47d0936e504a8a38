"""Pauses grow, end, and are forgotten."""

from service_kit.backoff import Backoff, Delays


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_delays_double_up_to_the_longest_with_jitter_downwards() -> None:
    delays = Delays(1.0, 8.0)
    for failures, longest in ((1, 1), (2, 2), (3, 4), (4, 8), (5, 8), (5000, 8)):
        assert longest / 2 <= delays.after(failures) <= longest


def test_a_pause_ends_by_the_clock_and_the_next_one_is_longer() -> None:
    clock = Clock()
    backoff: Backoff[str] = Backoff(Delays(2.0, 100.0), clock)
    first = backoff.failed("a")
    assert backoff.paused() == {"a"}
    assert backoff.soonest() == first
    clock.now = first
    assert backoff.paused() == set()
    assert backoff.soonest() is None
    assert backoff.failed("a") >= 2.0
    assert backoff.failures("a") == 2


def test_success_forgets_the_failures_of_its_key_only() -> None:
    backoff: Backoff[str] = Backoff(Delays(10.0, 10.0), Clock())
    backoff.failed("a")
    backoff.failed("b")
    backoff.succeeded("a")
    assert backoff.paused() == {"b"}
    assert backoff.failures("a") == 0
