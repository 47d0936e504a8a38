"""Request bodies: JSON read so strictly that everything behind may trust it."""

import asyncio
import json
from contextlib import suppress
from json import JSONDecodeError
from math import isfinite
from typing import Any, Final

from service_kit.errors import FieldViolation, InvalidArgument
from starlette.types import Receive

from api_gateway.adapters.http.errors import BodyTooLarge, InvalidInput

_REST_BYTES: Final = 16 * 1024 * 1024
_REST_SECONDS: Final = 2.0
_MAX_DEPTH: Final = 64
"""Of arrays and objects in one another; orjson cannot write more than 254."""
_MAX_DIGITS: Final = 19
"""Of an integer: 2^63 − 1 has so many."""
_MAX_INT: Final = 2**63
_MAX_VIOLATIONS: Final = 20
_MAX_FIELD: Final = 200
"""Characters of the place that a violation names: its keys are whatever the client wrote."""


async def read_body(receive: Receive, declared: str | None, limit: int, *, waits: bool) -> bytes:
    """The whole body. Raises BodyTooLarge when it is past `limit`, declared or not.

    A client that `waits` to be told to go on (100-continue) is refused at once. From any other the
    rest is taken, within bounds: closing on one that still writes resets the connection, and the
    answer is lost (RFC 9112, 9.6).
    """
    if declared is not None and declared.isdecimal() and int(declared) > limit:
        if not waits:
            await take_rest(receive)
        raise BodyTooLarge
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise InvalidInput
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        more = message.get("more_body", False)
        if size > limit:
            if more:
                await take_rest(receive)
            raise BodyTooLarge
        chunks.append(chunk)
        if not more:
            return b"".join(chunks)


async def take_rest(receive: Receive) -> None:
    """Read what still comes, and forget it."""
    taken = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(_REST_SECONDS):
            while taken <= _REST_BYTES:
                message = await receive()
                taken += len(message.get("body", b""))
                if not message.get("more_body", False):
                    return


def is_json(content_type: str | None) -> bool:
    """Whether a body of that type is read; an unnamed type is taken for JSON."""
    if not content_type:
        return True
    essence = content_type.partition(";")[0].strip().lower()
    return essence == "application/json" or (
        essence.startswith("application/") and essence.endswith("+json")
    )


def parse(raw: bytes) -> Any:
    """The value that `raw` holds.

    Raises InvalidInput where it is no JSON in UTF-8, names a key twice, holds NaN or Infinity,
    a number too large or a nesting too deep; InvalidArgument for a NUL character, which
    PostgreSQL cannot store.
    """
    try:
        value = json.loads(
            raw.decode(),
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_int=_bounded_int,
            parse_float=_finite_float,
        )
    except (JSONDecodeError, UnicodeDecodeError, RecursionError):
        raise InvalidInput from None
    if raw.count(b"[") + raw.count(b"{") > _MAX_DEPTH or b"\\u" in raw:
        _check(value)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidInput
    return found


def _no_constant(_: str) -> None:
    raise InvalidInput


def _bounded_int(digits: str) -> int:
    if len(digits) > _MAX_DIGITS + 1 or not -_MAX_INT <= (number := int(digits)) < _MAX_INT:
        raise InvalidInput
    return number


def _finite_float(digits: str) -> float:
    if not isfinite(number := float(digits)):
        raise InvalidInput
    return number


def _check(value: Any) -> None:
    violations: list[FieldViolation] = []
    _look(value, [], violations)
    if violations:
        raise InvalidArgument(violations=violations)


def _look(value: Any, path: list[str | int], violations: list[FieldViolation]) -> None:
    """Look at every text of a JSON value, keys included; `path` says where it stands."""
    if len(path) > _MAX_DEPTH:
        raise InvalidInput
    if isinstance(value, str):
        _look_at_text(value, path, violations)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            path.append(index)
            _look(item, path, violations)
            path.pop()
    elif isinstance(value, dict):
        for key, item in value.items():
            _look_at_text(key, path, violations)
            path.append(key)
            _look(item, path, violations)
            path.pop()


def _look_at_text(text: str, path: list[str | int], violations: list[FieldViolation]) -> None:
    if "\0" in text and len(violations) < _MAX_VIOLATIONS:
        field = ".".join(str(part)[:_MAX_FIELD] for part in path)[:_MAX_FIELD]
        violations.append(FieldViolation(field, "must not contain NUL"))
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        raise InvalidInput
