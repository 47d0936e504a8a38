"""Many timers in one heap."""

from api_gateway.application.live.timers import Timers


def test_what_is_due_runs_in_order_and_once() -> None:
    timers, ran = Timers(), list[str]()
    timers.at(3, lambda: ran.append("third"))
    timers.at(1, lambda: ran.append("first"))
    timers.at(1, lambda: ran.append("second"))
    assert not timers.run_due(0.5, 10)
    assert ran == []
    timers.run_due(2, 10)
    assert ran == ["first", "second"]
    timers.run_due(3, 10)
    timers.run_due(9, 10)
    assert ran == ["first", "second", "third"]


def test_what_is_cancelled_does_not_run() -> None:
    timers, ran = Timers(), list[str]()
    timers.at(1, lambda: ran.append("one")).cancel()
    timers.run_due(1, 10)
    assert ran == []


def test_only_some_run_at_once_and_it_says_that_there_are_more() -> None:
    timers, ran = Timers(), list[int]()
    for number in range(5):
        timers.at(number, lambda number=number: ran.append(number))  # type: ignore[misc]
    assert timers.run_due(9, 2)
    assert ran == [0, 1]
    assert not timers.run_due(9, 3)
    assert len(timers) == 0
