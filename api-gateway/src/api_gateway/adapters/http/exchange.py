"""One request and its answer on the wire: identity, trace, the fields that every answer has."""

import random
import re
import secrets
from collections.abc import Iterable
from typing import Final

from service_kit import tracing
from starlette.types import Message, Send

from api_gateway.adapters.http.answer import Fields

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_SECURITY: Final[Fields] = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
]
_IDS: Final = random.Random(secrets.randbits(256))  # noqa: S311 - identifies, protects nothing
_POLICY: Final = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")


def header_fields(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The header fields of a request by name in lower case; repeated ones joined with a comma."""
    fields: dict[str, str] = {}
    for name, value in headers:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1")
        fields[key] = f"{fields[key]}, {text}" if key in fields else text
    return fields


def request_id_of(fields: dict[str, str]) -> str:
    """What the caller calls its request, if that is a sane token, else a fresh random one."""
    given = fields.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else f"{_IDS.getrandbits(128):032x}"


def common_fields(request_id: str, fields: Fields, given: Iterable[tuple[bytes, bytes]]) -> Fields:
    """What every answer has besides those `given`: its request's id, security, `fields`."""
    common = [(b"x-request-id", request_id.encode()), *_SECURITY, *fields]
    if all(name.lower() != _POLICY[0] for name, _ in given):
        common.append(_POLICY)
    return common


_BEGINNINGS: Final = ("http.response.start", "websocket.http.response.start", "websocket.accept")


class Exchange:
    """The way back of one answer; knows its status once it has begun, 0 before."""

    def __init__(self, send: Send, request_id: str, fields: Fields) -> None:
        self._send = send
        self._request_id = request_id
        self._fields = fields
        self.status = 0

    def carry(self, fields: Fields) -> None:
        """Give the answer more header fields."""
        self._fields = [*self._fields, *fields]

    async def send(self, message: Message) -> None:
        """Pass a message on; the beginning of an answer gets the fields that all have."""
        if message["type"] in _BEGINNINGS:
            self.status = message.get("status", 101)
            given = message.get("headers", ())
            common = common_fields(self._request_id, self._fields, given)
            message["headers"] = [*given, *common]
            if parent := tracing.traceparent():
                message["headers"].append((b"traceparent", parent.encode()))
        elif message["type"] == "websocket.close" and not self.status:
            self.status = 403
        await self._send(message)
