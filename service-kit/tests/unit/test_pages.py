"""Cursors and page forms."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from service_kit import pages
from service_kit.errors import InvalidArgument

NUMBERS = st.integers(-(2**63), 2**63 - 1)


@settings(deadline=None)
@given(st.lists(NUMBERS, min_size=1, max_size=3))
def test_a_cursor_gives_back_what_it_was_made_of(numbers: list[int]) -> None:
    cursor = pages.encode_cursor(*numbers)
    assert pages.decode_cursor(cursor, len(numbers)) == tuple(numbers)
    assert cursor.replace("-", "").replace("_", "").isalnum()


@settings(deadline=None)
@given(st.text())
def test_what_is_no_cursor_is_refused_and_nothing_worse(text: str) -> None:
    with suppress(pages.InvalidCursor):
        assert len(pages.decode_cursor(text, 1)) == 1


def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(pages.InvalidCursor):
        pages.decode_cursor(pages.encode_cursor(1, 2), 1)


@settings(deadline=None)
@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_survives_to_the_microsecond(at: datetime) -> None:
    assert pages.moment(pages.microseconds(at)) == at


def test_a_moment_that_is_no_date_is_an_invalid_cursor() -> None:
    with pytest.raises(pages.InvalidCursor):
        pages.moment(2**63 - 1)


@pytest.mark.parametrize(("page", "limit", "rows"), [(0, 20, 0), (1, 20, 0), (3, 20, 40)])
def test_a_page_begins_after_the_pages_before_it(page: int, limit: int, rows: int) -> None:
    assert pages.offset(page, limit) == rows


def test_a_page_too_deep_is_refused() -> None:
    with pytest.raises(InvalidArgument):
        pages.offset(5002, 20)


@pytest.mark.parametrize("limit", [-1, 101, 2**31 - 1])
def test_a_limit_out_of_range_is_refused(limit: int) -> None:
    with pytest.raises(InvalidArgument) as caught:
        pages.checked_limit(limit)
    assert caught.value.violations[0].field == "limit"


def test_no_limit_is_the_default() -> None:
    assert pages.checked_limit(0) == 20
