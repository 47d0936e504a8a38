"""Numbers in paths and queries, however long they are written."""

import pytest
from pydantic import TypeAdapter, ValidationError

from api_gateway.adapters.http.schemas.fields import MAX_ID, LenientPage, StrictPage, TextId

MANY = 1_000_000
"""So many zeros that whoever looks at them again for each of them does not end."""

pytestmark = pytest.mark.timeout(60)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0" * MANY + "7", 7),
        ("+" + "0" * MANY + str(MAX_ID), MAX_ID),
        ("7", 7),
        ("+07", 7),
    ],
    ids=lambda value: str(value)[:12],
)
def test_zeros_in_front_do_not_count(text: str, number: int) -> None:
    assert TypeAdapter(TextId).validate_python(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "0" * MANY + "x",
        "0" * MANY,
        "-" + "0" * MANY + "1",
        "9" * MANY,
        "",
        "+",
        "-",
        "1_0",
        "\u0661",
    ],
    ids=lambda text: text[:12],
)
def test_what_is_no_id_is_refused(text: str) -> None:
    for adapter in (TypeAdapter(TextId), TypeAdapter(StrictPage)):
        with pytest.raises(ValidationError):
            adapter.validate_python(text)
    assert TypeAdapter(LenientPage).validate_python(text) == 1
