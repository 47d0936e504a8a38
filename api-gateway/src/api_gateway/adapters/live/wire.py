"""Frames as JSON, and JSON as the frames of clients."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson
from service_kit.errors import FieldViolation, InvalidArgument

from api_gateway.application.live.commands import (
    Command,
    Ping,
    Pong,
    Read,
    ReadAll,
    Renew,
    Resume,
    Seen,
)
from api_gateway.application.live.frames import Frame
from api_gateway.domain.notification import Notification

Render = Callable[[Notification], Mapping[str, object]]
"""A notification as clients of every carrier see it; what orjson writes."""

MOST_BYTES: Final = 4096
"""Of one frame from a client."""

_LARGEST: Final = 2**63 - 1
_DATES: Final = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC


class InvalidFrame(InvalidArgument):
    """Not a JSON object, or one with a value of the wrong type."""

    code = "INVALID_INPUT"
    message = "invalid input"


class UnknownType(InvalidArgument):
    """A frame of a type that this server does not know."""

    code = "UNKNOWN_TYPE"
    message = "unknown frame type"


class Encoder:
    """Writes frames; one that goes to many connections is written once."""

    def __init__(self, render: Render) -> None:
        self._render = render

    def json(self, frame: Frame) -> bytes:
        """A frame as a JSON object in UTF-8."""
        if frame.encoded is None:
            body = frame.body
            if isinstance(one := body.get("data"), Notification):
                body = {**body, "data": self._render(one)}
            frame.encoded = orjson.dumps({"type": frame.type, **body}, option=_DATES)
        return frame.encoded

    def event(self, frame: Frame) -> bytes:
        """A frame as a Server-Sent Event; its id is the seq that the client has come to."""
        if frame.type == "ping":
            return b": ping\n\n"
        # A payload is echoed as it was sent, line breaks between its tokens included.
        data = b"\ndata: ".join(self.json(frame).splitlines())
        place = b"" if frame.seq is None else b"id: %d\n" % frame.seq
        return b"%bevent: %b\ndata: %b\n\n" % (place, frame.type.encode(), data)


def command_from_json(text: str) -> Command:
    """What a client says. Raises InvalidFrame, UnknownType, InvalidArgument."""
    try:
        said = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise InvalidFrame from None
    if not isinstance(said, dict) or not isinstance(said.get("type"), str):
        raise InvalidFrame
    return _command(said)


def _command(said: dict[str, Any]) -> Command:
    match said["type"]:
        case "resume":
            return Resume(_number(said, "after_seq", 0))
        case "token":
            return Renew(_text(said, "access_token"))
        case "ping":
            return Ping()
        case "pong":
            return Pong()
    return _mark(said)


def _mark(said: dict[str, Any]) -> Command:
    match said["type"]:
        case "read":
            return Read(_required(said, "id"))
        case "read_all":
            return ReadAll(_number(said, "up_to_seq", 0))
        case "seen":
            return Seen(_number(said, "up_to_seq", 0))
    raise UnknownType


def _number(said: dict[str, Any], name: str, least: int) -> int | None:
    value = said.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidFrame
    if least <= value <= _LARGEST:
        return value
    bound = f"must be at least {least}" if value < least else f"must be at most {_LARGEST}"
    raise InvalidArgument(violations=[FieldViolation(name, bound)])


def _required(said: dict[str, Any], name: str) -> int:
    value = _number(said, name, 1)
    if value is None:
        raise InvalidArgument(violations=[FieldViolation(name, "is required")])
    return value


def _text(said: dict[str, Any], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str):
        raise InvalidFrame
    return value
