"""Quiet hours, and what can be said of types."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notification_service.domain.errors import InvalidNotification
from notification_service.domain.preferences import Preferences, QuietHours, time_of_day

MINUTES = st.integers(0, 24 * 60 - 1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("moment", "is_quiet"),
    [
        ("2026-01-10T21:59:59+01:00", False),
        ("2026-01-10T22:00:00+01:00", True),
        ("2026-01-11T06:59:59+01:00", True),
        ("2026-01-11T07:00:00+01:00", False),
        ("2026-01-10T21:00:00+00:00", True),
        ("2026-07-10T20:00:00+00:00", True),
        ("2026-07-10T05:00:00+00:00", False),
    ],
)
def test_quiet_hours_pass_midnight_by_the_clock_of_their_zone(moment: str, is_quiet: bool) -> None:
    hours = QuietHours(time(22), time(7), "Europe/Berlin")
    assert hours.hold_at(at(moment)) is is_quiet


@pytest.mark.parametrize(
    ("moment", "is_quiet"),
    [
        # The clocks go from 02:00 to 03:00 on 2026-03-29: 02:30 never comes.
        ("2026-03-29T00:59:59+00:00", False),
        ("2026-03-29T01:00:00+00:00", False),
        # They go back from 03:00 to 02:00 on 2026-10-25: 02:30 comes twice.
        ("2026-10-25T00:30:00+00:00", True),
        ("2026-10-25T01:30:00+00:00", True),
        ("2026-10-25T02:00:00+00:00", False),
    ],
)
def test_an_hour_that_never_comes_is_not_quiet_and_one_that_comes_twice_is(
    moment: str, is_quiet: bool
) -> None:
    assert QuietHours(time(2), time(3), "Europe/Berlin").hold_at(at(moment)) is is_quiet


@settings(deadline=None)
@given(MINUTES, MINUTES, MINUTES)
def test_of_every_day_as_many_minutes_are_quiet_as_lie_between(
    start: int, end: int, now: int
) -> None:
    if start == end:
        return
    hours = QuietHours(time(*divmod(start, 60)), time(*divmod(end, 60)), "UTC")
    moment = datetime(2026, 5, 1, tzinfo=UTC) + timedelta(minutes=now)
    assert hours.hold_at(moment) is ((now - start) % 1440 < (end - start) % 1440)


@pytest.mark.parametrize("zone", ["", "Mars/Phobos", "../etc/passwd", "/etc/localtime", "Europe"])
def test_a_zone_that_nobody_knows_is_refused(zone: str) -> None:
    with pytest.raises(InvalidNotification) as refused:
        QuietHours(time(1), time(2), zone)
    assert [one.field for one in refused.value.violations] == ["quiet_hours.time_zone"]


def test_hours_without_length_are_refused() -> None:
    with pytest.raises(InvalidNotification):
        QuietHours(time(1), time(1), "UTC")


@pytest.mark.parametrize("text", ["", "7:00", "24:00", "12:60", "12.30", "1200", "١٢:٣٠", "12:3x"])
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(InvalidNotification):
        time_of_day("quiet_hours.start", text)


def test_a_time_of_day_has_hours_and_minutes() -> None:
    assert time_of_day("quiet_hours.start", "23:59") == time(23, 59)


@pytest.mark.parametrize("types", [{"No"}, {""}, {f"t{n}" for n in range(101)}])
def test_types_that_cannot_be_are_refused(types: set[str]) -> None:
    with pytest.raises(InvalidNotification):
        Preferences(1, in_app_off=types)
    with pytest.raises(InvalidNotification):
        Preferences(1, live_off=types)
