"""Paired runs: two things measured in turns, so that what else the machine does hits both."""

from collections.abc import Callable
from dataclasses import dataclass

from load.measured import Measured, Ratio, median_run, ratio


@dataclass(frozen=True)
class Paired:
    """The median run of each side, and this / that over all pairs (of rates)."""

    this: Measured
    that: Measured
    ratio: Ratio


def paired(this: Callable[[], Measured], that: Callable[[], Measured], pairs: int = 5) -> Paired:
    """Run both in turns; the side that goes first changes with every pair."""
    these: list[Measured] = []
    those: list[Measured] = []
    for number in range(pairs):
        order = [(these, this), (those, that)]
        for kept, run in order if number % 2 == 0 else reversed(order):
            kept.append(run())
    rates = [(one.rps, other.rps) for one, other in zip(these, those, strict=True)]
    return Paired(median_run(these), median_run(those), ratio(rates))
