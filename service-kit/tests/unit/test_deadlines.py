"""The time that is left for a request."""

from service_kit import deadlines


def test_without_a_deadline_the_default_holds() -> None:
    assert deadlines.remaining(2.0) == 2.0


def test_an_inner_deadline_never_outlives_the_outer_one() -> None:
    with deadlines.within(1.0), deadlines.within(60.0):
        assert deadlines.remaining(100.0) <= 1.0


def test_the_outer_deadline_holds_again_after_the_inner_one() -> None:
    with deadlines.within(60.0):
        with deadlines.within(0.0):
            assert deadlines.remaining(100.0) == 0.0
        assert deadlines.remaining(100.0) > 50.0


def test_no_seconds_is_no_deadline() -> None:
    with deadlines.within(None):
        assert deadlines.remaining(5.0) == 5.0
