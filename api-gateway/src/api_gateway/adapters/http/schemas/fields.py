"""Types of the fields that several resources share: their rules, once (rest-api.md, part 5)."""

import re
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from api_gateway.domain.page import DEFAULT_LIMIT, MAX_LIMIT

MAX_ID: Final = 2**63 - 1
MAX_PAGE: Final = 2**31 - 1
_WHOLE: Final = re.compile(r"([+-]?)([0-9]+)")
MOST_DIGITS: Final = len(str(MAX_ID))
"""Of an id, and of all numbers that are read as they stand."""
_BEYOND: Final = 10**MOST_DIGITS
"""What stands for every number with more digits: Python does not even read 4,301 of them."""
_LABEL: Final = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_ANY_HOST: Final = "example.com"
_NO_CONTROL: Final = r"^[^\x00-\x1f\x7f-\x9f]*$"
_NULL: Final = {"type": "null"}
_SAID_OF_ALL: Final = frozenset({"title", "description", "default", "examples"})
"""What a schema says that is no rule."""


def nullable(schema: dict[str, Any]) -> None:
    """Null is the same as absent, so that it may stand where absence may."""
    required = schema.get("required", ())
    for name, property_ in schema.get("properties", {}).items():
        if name in required or _NULL in property_.get("anyOf", ()):
            continue
        said = {key: value for key, value in property_.items() if key in _SAID_OF_ALL}
        rules = {key: value for key, value in property_.items() if key not in _SAID_OF_ALL}
        schema["properties"][name] = {"anyOf": [rules, _NULL], **said}


class Body(BaseModel):
    """A request body: JSON types are taken as they are, unknown fields are ignored."""

    model_config = ConfigDict(
        strict=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        json_schema_extra=nullable,
    )

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, value: object) -> object:
        """Null is the same as absent; in a value that may be any JSON it stays."""
        if not isinstance(value, dict):
            return value
        return {name: item for name, item in value.items() if item is not None}


class QueryModel(BaseModel):
    """A query: everything in it is text; unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


def _never_null(schema: dict[str, Any]) -> None:
    """What is not set is absent: a None of a model is no null in an answer."""
    for name, property_ in schema.get("properties", {}).items():
        kinds = [kind for kind in property_.pop("anyOf", ()) if kind != _NULL]
        if len(kinds) == 1:
            schema["properties"][name] = {**property_, **kinds[0]}
        elif kinds:
            property_["anyOf"] = kinds


class Data(BaseModel):
    """What stands in the envelope; for the document and its test, never built at run time."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=_never_null)


def _whole(value: object) -> int | None:
    """The whole number that a text is; None where it is none."""
    found = _WHOLE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    sign, written = found.groups()
    digits = written.lstrip("0") or "0"
    number = int(digits) if len(digits) <= MOST_DIGITS else _BEYOND
    return -number if sign == "-" else number


def _whole_number(value: object) -> int:
    """A whole number written in text; anything else cannot be decoded."""
    number = _whole(value)
    if number is None:
        raise PydanticCustomError("invalid_input", "must be an integer")
    return number


def _numbered(value: object, least: int, most: int, other: int | None) -> int:
    """A whole number between bounds; `other` in place of one that is not (None: invalid input)."""
    number = _whole(value)
    if number is not None and least <= number <= most:
        return number
    if other is None:
        raise PydanticCustomError("invalid_input", "must be an integer within its bounds")
    return other


def _email(value: str) -> str:
    """An address after RFC 5321, not resolved; it stays as it is written.

    The library looks at the local part and at address literals. Names of hosts it would refuse by
    what they are for (`.test`, `.local`), which is no matter of syntax.
    """
    local, _, domain = value.rpartition("@")
    try:
        if not value.isascii():
            raise EmailNotValidError
        validate_email(
            f"{local}@{_ANY_HOST}" if _HOST.fullmatch(domain) else value,
            check_deliverability=False,
            strict=True,  # the local part has at most 64 octets (4.5.3.1.1)
            globally_deliverable=False,
            allow_smtputf8=False,
            allow_quoted_local=True,
            allow_domain_literal=True,
        )
    except EmailNotValidError:
        raise PydanticCustomError("email", "must be an e-mail address") from None
    return value


def _web_address(value: str) -> str:
    """An absolute http or https URL; it is never fetched."""
    try:
        parts = urlsplit(value)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound or not value.isprintable() or any(letter in value for letter in ' "<>\\^`{|}'):
        raise PydanticCustomError("url", "must be an absolute http or https URL")
    return value


Id = Annotated[int, Field(ge=1, le=MAX_ID)]
"""An id in a body."""

TextId = Annotated[int, Field(ge=1, le=MAX_ID), BeforeValidator(_whole_number)]
"""An id in a path: no integer is invalid input, one out of range a violation."""

Username = Annotated[
    str, Field(min_length=3, max_length=32, pattern=r"^[A-Za-z0-9_.\-]*$", examples=["ada"])
]
Email = Annotated[
    str,
    Field(
        min_length=3,
        max_length=254,
        json_schema_extra={"format": "email"},
        examples=["ada@example.org"],
    ),
    AfterValidator(_email),
]
Password = Annotated[
    str, Field(min_length=8, max_length=128, json_schema_extra={"format": "password"})
]
"""A password to be set; what it must not be is checked in auth-service."""

FullName = Annotated[str, Field(max_length=100, pattern=_NO_CONTROL)]
Bio = Annotated[str, Field(max_length=500, pattern=_NO_CONTROL)]
AvatarUrl = Annotated[
    str,
    Field(max_length=2048, json_schema_extra={"format": "uri"}),
    AfterValidator(_web_address),
]


def _or_media(value: object, handler: ValidatorFunctionWrapHandler) -> object:
    """An id of media, or what is no number as an address."""
    if isinstance(value, bool) or not isinstance(value, int):
        return handler(value)
    if not 1 <= value <= MAX_ID:
        raise PydanticCustomError("media_id", "must be an id of media")
    return value


AvatarUrlOrMedia = Annotated[
    AvatarUrl,
    WrapValidator(_or_media),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "format": "uri", "maxLength": 2048},
                {"type": "integer", "minimum": 1, "maximum": MAX_ID},
            ],
            "description": "An address, or the id of a picture of one's own that was uploaded.",
        }
    ),
]
MediaUrl = Annotated[
    str,
    Field(max_length=512, json_schema_extra={"format": "uri"}),
    AfterValidator(_web_address),
]


LENIENT: Final[dict[str, Any]] = {"x-lenient": True}
"""In the document: anything else is taken for the default, and not refused."""


def _lenient(default: int, most: int) -> Any:
    return BeforeValidator(lambda value: _numbered(value, 1, most, default))


def _strict(most: int) -> Any:
    return BeforeValidator(lambda value: _numbered(value, 1, most, None))


LenientPage = Annotated[int, Field(ge=1, json_schema_extra=LENIENT), _lenient(1, MAX_PAGE)]
"""A page number; out of range or no number is the first page (compat)."""

LenientLimit = Annotated[
    int,
    Field(ge=1, le=MAX_LIMIT, json_schema_extra=LENIENT),
    _lenient(DEFAULT_LIMIT, MAX_LIMIT),
]
"""A page size; out of range or no number is the default (compat)."""

StrictPage = Annotated[int, Field(ge=1, le=MAX_PAGE), _strict(MAX_PAGE)]
"""A page number; out of range or no number is invalid input."""

StrictLimit = Annotated[int, Field(ge=1, le=MAX_LIMIT), _strict(MAX_LIMIT)]
"""A page size; out of range or no number is invalid input."""

SealedCursor = Annotated[str, Field(max_length=1024, json_schema_extra={"format": "cursor"})]
"""`next_cursor` of the page before."""
