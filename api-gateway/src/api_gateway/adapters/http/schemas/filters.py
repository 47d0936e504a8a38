"""Types of the filters of lists: text in a query, where an empty one is none."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError

from api_gateway.adapters.http.schemas.fields import MAX_ID

_RFC3339: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII | re.IGNORECASE
)
_MAX_ROWS: Final = 2**31 - 1
_DIGITS: Final = re.compile(r"[0-9]{1,19}")


def id_from_text(value: str) -> int:
    """An id; a violation where it is none, as no path is wrong for it."""
    if not _DIGITS.fullmatch(value) or not 1 <= (number := int(value)) <= MAX_ID:
        raise PydanticCustomError("id", "must be an integer of 1 or more")
    return number


def moment_from_text(value: str) -> datetime:
    """A moment after RFC 3339, in UTC, to the microsecond."""
    try:
        if _RFC3339.fullmatch(value):
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise PydanticCustomError("moment", "must be a moment as in RFC 3339")


def _optional_id(value: object) -> Any:
    return id_from_text(value) if isinstance(value, str) and value else None


def _optional_moment(value: object) -> Any:
    return moment_from_text(value) if isinstance(value, str) and value else None


def _rows(value: object) -> int:
    if not isinstance(value, str) or not _DIGITS.fullmatch(value) or int(value) > _MAX_ROWS:
        raise PydanticCustomError("invalid_input", "must be a number of rows")
    return int(value)


Unset = SkipJsonSchema[None]
"""None where a query does not name the field: nobody can write it there."""

_EMPTY: Final[dict[str, Any]] = {"x-empty-is-unset": True}
"""In the document: an empty text is the same as none."""

OptionalId = Annotated[
    Annotated[int, Field(ge=1, le=MAX_ID)] | Unset,
    BeforeValidator(_optional_id),
    Field(json_schema_extra=_EMPTY),
]
"""An id to filter by."""

Moment = Annotated[
    datetime | Unset, BeforeValidator(_optional_moment), Field(json_schema_extra=_EMPTY)
]
"""A moment to filter by."""

Offset = Annotated[int, Field(ge=0, le=_MAX_ROWS), BeforeValidator(_rows)]
"""How many items to skip; out of range or no number is invalid input."""
