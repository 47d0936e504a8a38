"""Percentiles, ratios and pairs."""

import pytest

from load.measured import Measured, median_run, of_samples, percentile, ratio
from load.paired import paired


def test_percentiles_are_samples_by_nearest_rank() -> None:
    samples = [float(each) for each in range(100, 0, -1)]
    assert [percentile(samples, share) for share in (0.5, 0.95, 0.99, 1)] == [50, 95, 99, 100]
    assert percentile([3.0], 0.01) == 3.0
    assert percentile([], 0.5) == 0.0


def test_a_rate_counts_successes_only() -> None:
    measured = of_samples([1.0, 2.0, 3.0, 4.0], seconds=2, errors=3)
    assert (measured.rps, measured.errors, measured.requests) == (2.0, 3, 7)


def test_a_ratio_is_the_median_pair_with_its_spread() -> None:
    found = ratio([(90, 100), (100, 100), (300, 100)])
    assert (found.median, found.lowest, found.highest, found.pairs) == (1.0, 0.9, 3.0, 3)


def test_the_median_run_is_one_that_was_measured() -> None:
    assert median_run([Measured(3), Measured(1), Measured(2), Measured(9)]).rps == 2


@pytest.mark.parametrize("pairs", [1, 2, 5])
def test_paired_runs_change_who_goes_first(pairs: int) -> None:
    order: list[str] = []

    def run(name: str, rate: float) -> Measured:
        order.append(name)
        return Measured(rate)

    found = paired(lambda: run("this", 10), lambda: run("that", 5), pairs)
    assert "".join(order).replace("this", "a").replace("that", "b") == ("abba" * pairs)[: 2 * pairs]
    assert (found.ratio.median, found.ratio.pairs) == (2.0, pairs)
