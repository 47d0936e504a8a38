"""Cursors come back as they were given out, or not at all."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from service_kit.errors import InvalidArgument

from api_gateway.domain.cursor import Cursors

CURSORS = Cursors(b"a secret that all replicas share")


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200))
def test_what_is_sealed_is_opened_again(cursor: str) -> None:
    sealed = CURSORS.seal("posts", cursor)
    assert sealed.isascii()
    assert CURSORS.open("posts", sealed) == cursor


def test_the_first_page_and_the_last_one_have_no_cursor() -> None:
    assert CURSORS.seal("posts", "") == ""
    assert CURSORS.open("posts", "") == ""


@pytest.mark.parametrize("position", range(0, 30, 3))
def test_a_changed_character_is_noticed(position: int) -> None:
    sealed = CURSORS.seal("posts", "MTcwMDAwMDAwMDo0Mg")
    other = "A" if sealed[position] != "A" else "B"
    with pytest.raises(InvalidArgument):
        CURSORS.open("posts", sealed[:position] + other + sealed[position + 1 :])


@pytest.mark.parametrize("sealed", ["x", "AAAA", "=", "ä", "a b", "A" * 1000, "////", "%00"])
def test_what_was_made_up_is_refused(sealed: str) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        CURSORS.open("posts", sealed)
    assert refusal.value.violations[0].field == "cursor"


def test_a_cursor_is_good_for_its_own_list_and_its_own_secret() -> None:
    sealed = CURSORS.seal("posts", "1")
    for other, kind in ((CURSORS, "users"), (Cursors(b"another secret"), "posts")):
        with pytest.raises(InvalidArgument):
            other.open(kind, sealed)
