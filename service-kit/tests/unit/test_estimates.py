"""Estimated totals are remembered for a while, exact ones never."""

from service_kit.estimates import Estimates
from service_kit.pages import Total


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1.0

    def __call__(self) -> float:
        return self.now


def test_an_estimate_is_given_again_until_it_is_too_old() -> None:
    clock = Clock()
    estimates = Estimates(seconds=30.0, clock=clock)
    estimates.keep("all", Total(12_345, is_estimate=True))
    clock.now += 29.0
    assert estimates.get("all") == Total(12_345, is_estimate=True)
    clock.now += 1.0
    assert estimates.get("all") is None


def test_an_exact_total_is_never_given_again() -> None:
    estimates = Estimates()
    assert estimates.keep("few", Total(3)) == Total(3)
    assert estimates.get("few") is None


def test_lists_are_told_apart() -> None:
    estimates = Estimates()
    estimates.keep(("author", 1), Total(20_000, is_estimate=True))
    assert estimates.get(("author", 2)) is None


def test_the_oldest_estimate_goes_when_there_are_too_many() -> None:
    estimates = Estimates()
    for number in range(1001):
        estimates.keep(number, Total(20_000, is_estimate=True))
    assert estimates.get(0) is None
    assert estimates.get(1) is not None
    assert estimates.get(1000) is not None
