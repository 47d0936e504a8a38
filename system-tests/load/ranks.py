"""Whether two kinds of samples can be told apart: by their ranks, whatever their distribution."""

from collections.abc import Sequence
from math import sqrt


def superiority(these: Sequence[float], those: Sequence[float]) -> float:
    """The chance that a sample of `these` is larger than one of `those`, ties half (0.5: alike).

    The Mann-Whitney U statistic divided by the number of pairs. Raises ValueError for no samples.
    """
    if not these or not those:
        raise ValueError("no samples")
    wins = sum((one > other) + (one == other) / 2 for one in these for other in those)
    return wins / (len(these) * len(those))


def deviation(count: int, other_count: int) -> float:
    """The standard deviation of `superiority` for samples that are alike."""
    return sqrt((count + other_count + 1) / (12 * count * other_count))
