"""The rules of a notification's fields (REST API, parts 3 and 5)."""

import json
import re
from typing import Final, NoReturn

from notification_service.domain.errors import FieldViolation, InvalidNotification

LARGEST_ID: Final = 2**63 - 1
LARGEST_PAYLOAD: Final = 16 * 1024
_LONGEST_KEY: Final = 255
_TYPE: Final = re.compile(r"[a-z0-9_.-]{1,64}")


def check_id(field: str, value: int, least: int = 1) -> None:
    """Raises `InvalidNotification` for what can't be an id, or a seq with `least` 0."""
    if not least <= value <= LARGEST_ID:
        _refuse(field, f"must be an integer of {least} or more")


def check_type(value: str) -> None:
    """Raises `InvalidNotification` for what names no type."""
    if not _TYPE.fullmatch(value):
        _refuse("type", "must be 1 to 64 of a-z 0-9 _ . -")


def check_payload(value: bytes | None) -> None:
    """Raises `InvalidNotification` for what is no JSON text (RFC 8259) of at most 16 KiB."""
    if value is None:
        return
    if len(value) > LARGEST_PAYLOAD:
        _refuse("payload", "must have at most 16 KiB")
    try:
        _ANY_JSON.decode(value.decode())
    except (ValueError, RecursionError):
        _refuse("payload", "must be JSON")


def check_key(value: str | None) -> None:
    """Raises `InvalidNotification` for an idempotency key that can't be kept."""
    if value is not None and (not 1 <= len(value) <= _LONGEST_KEY or "\0" in value):
        _refuse("idempotency_key", f"must have 1 to {_LONGEST_KEY} characters")


def _refuse(field: str, issue: str) -> NoReturn:
    raise InvalidNotification(violations=[FieldViolation(field, issue)])


def _refuse_constant(name: str) -> NoReturn:
    """NaN and Infinity, which Python's parser takes and JSON has not."""
    raise ValueError(name)


# Numbers stay text: Python refuses integers of more than 4,300 digits, JSON does not. Made once:
# `json.loads` with arguments makes a decoder each time.
_ANY_JSON: Final = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=_refuse_constant)
