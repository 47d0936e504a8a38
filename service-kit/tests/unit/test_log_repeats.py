"""What a library repeats is written a few times a minute, and counted."""

import logging

from service_kit.log_repeats import RepeatFilter


def record(name: str, text: str, *values: object) -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, __file__, 1, text, values, None)


def test_a_talkative_library_is_heard_a_few_times_a_minute() -> None:
    now = 0.0
    repeats = RepeatFilter(most=3, window_seconds=60, clock=lambda: now)
    away = [repeats.filter(record("aiokafka.conn", "no node %s", node)) for node in range(200)]
    assert away == [True] * 3 + [False] * 197

    now = 60.0
    again = record("aiokafka.conn", "no node %s", 1)
    assert repeats.filter(again)
    assert again.__dict__["withheld"] == 197


def test_another_message_and_another_logger_are_counted_for_themselves() -> None:
    repeats = RepeatFilter(most=1, clock=lambda: 0.0)
    assert repeats.filter(record("aiokafka.conn", "no node %s", 1))
    assert repeats.filter(record("aiokafka.conn", "closed"))
    assert repeats.filter(record("aiokafka.client", "no node %s", 1))
    assert not repeats.filter(record("aiokafka.conn", "no node %s", 2))


def test_what_we_say_ourselves_is_never_left_out() -> None:
    repeats = RepeatFilter(most=1, clock=lambda: 0.0)
    assert all(repeats.filter(record("service_kit.events", "kafka is away")) for _ in range(50))
