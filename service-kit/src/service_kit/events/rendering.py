"""Records of topics as text for people."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from service_kit.events.dead_letter_box import DeadLetter
from service_kit.events.decoding import Decoder, content_of
from service_kit.events.message import type_of
from service_kit.events.reader import ReadRecord

_NONE: Final = "-"


def record_as_dict(record: ReadRecord, decoders: list[Decoder]) -> dict[str, object]:
    """Where and when a record is, the attributes of its event, and what it says."""
    headers = headers_of(record)
    kind = type_of(record)
    return {
        "time": headers.get("ce_time") or _moment(record.timestamp),
        "type": kind or None,
        "key": None if record.key is None else record.key.decode("utf-8", "replace"),
        "id": headers.get("ce_id"),
        "source": headers.get("ce_source"),
        "place": f"{record.topic}/{record.partition}/{record.offset}",
        "data": None if record.value is None else content_of(kind, record.value, decoders),
    }


def record_as_line(record: ReadRecord, decoders: list[Decoder]) -> str:
    """The same in one line."""
    about = record_as_dict(record, decoders)
    data = json.dumps(about["data"], ensure_ascii=False)
    said = [about["time"], about["type"], f"key={about['key']}", about["place"], about["id"]]
    return "  ".join(str(one or _NONE) for one in [*said, data])


def letter_as_dict(letter: DeadLetter, decoders: list[Decoder]) -> dict[str, object]:
    """All about a dead letter."""
    return {
        "letter": letter.id,
        "state": letter.done or "waiting",
        "died": _moment(letter.record.timestamp),
        "reason": letter.reason,
        "attempts": letter.attempts,
        "requeues": letter.requeues,
        "origin": letter.origin,
        "headers": headers_of(letter.record),
        "event": record_as_dict(letter.record, decoders),
    }


def letter_as_line(letter: DeadLetter) -> str:
    """A dead letter in one line."""
    key = (letter.record.key or b"").decode("utf-8", "replace")
    said = [
        f"{letter.id:<8}",
        f"{letter.done or 'waiting':<8}",
        _moment(letter.record.timestamp),
        letter.type,
        f"key={key}",
        f"requeues={letter.requeues}",
        f"from {letter.origin}:",
        letter.reason,
    ]
    return "  ".join(one or _NONE for one in said)


def headers_of(record: ReadRecord) -> Mapping[str, str]:
    """A record's headers as text."""
    return {name: value.decode("utf-8", "replace") for name, value in record.headers}


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
