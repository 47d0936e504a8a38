"""Telling samples apart."""

import pytest

from load.ranks import deviation, superiority


def test_what_is_always_larger_is_surely_larger() -> None:
    assert superiority([4.0, 5.0], [1.0, 2.0, 3.0]) == 1
    assert superiority([1.0], [2.0]) == 0


def test_what_is_alike_is_larger_half_of_the_time() -> None:
    assert superiority([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]) == 0.5
    assert superiority([2.0], [1.0, 3.0]) == 0.5


def test_nothing_can_be_said_of_no_samples() -> None:
    with pytest.raises(ValueError, match="no samples"):
        superiority([], [1.0])


def test_more_samples_deviate_less() -> None:
    assert deviation(200, 200) == pytest.approx(0.0289, abs=0.0001)
    assert deviation(200, 200) < deviation(20, 20)
