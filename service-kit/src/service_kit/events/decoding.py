"""Events as JSON for people, decoded by whatever package brings their types.

A package announces its decoder as an entry point of the group `service_kit.event_decoders`, so that
the chassis knows no event by name.
"""

import base64
from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Final, TypeAlias

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

Decoder: TypeAlias = Callable[[str, bytes], Message]
"""Gives the message of a CloudEvents type in some bytes. Raises `ValueError` where it can't."""

_GROUP: Final = "service_kit.event_decoders"
_LONG: Final = (FieldDescriptor.CPPTYPE_INT64, FieldDescriptor.CPPTYPE_UINT64)


def installed_decoders() -> list[Decoder]:
    """The decoders of the installed packages."""
    return [point.load() for point in entry_points(group=_GROUP)]


def content_of(event_type: str, value: bytes | None, decoders: list[Decoder]) -> dict[str, object]:
    """The fields of an event; where no decoder can tell, why, and the bytes in base64."""
    reasons = []
    for decode in decoders:
        try:
            return fields_of(decode(event_type, value or b""))
        except ValueError as error:
            reasons.append(str(error))
    raw = base64.b64encode(value or b"").decode()
    return {"undecoded": "; ".join(reasons) or "no decoder is installed", "base64": raw}


def fields_of(message: Message) -> dict[str, object]:
    """A flat message as JSON values under its own field names; ids are numbers, times RFC 3339."""
    content: dict[str, object] = MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    for field in message.DESCRIPTOR.fields:
        # ProtoJSON writes 64-bit integers as text; ids are below 2^53 by contract.
        if field.cpp_type in _LONG and field.name in content:
            value = content[field.name]
            content[field.name] = (
                [int(one) for one in value] if isinstance(value, list) else int(str(value))
            )
    return content
