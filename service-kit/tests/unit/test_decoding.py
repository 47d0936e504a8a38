"""Events as JSON for people."""

from datetime import UTC, datetime

from google.protobuf.descriptor_pb2 import UninterpretedOption
from google.protobuf.message import DecodeError, Message
from google.rpc.error_details_pb2 import RequestInfo
from service_kit.events.decoding import content_of, fields_of
from service_kit.events.reader import ReadRecord
from service_kit.events.rendering import record_as_dict, record_as_line

AT = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)


def decode(event_type: str, value: bytes) -> Message:
    """Knows one type."""
    if event_type != "thing.made.v1":
        raise ValueError(f"unknown event type {event_type!r}")
    try:
        made: Message = RequestInfo.FromString(value)
    except DecodeError as error:
        raise ValueError("malformed") from error
    return made


def decode_nothing(event_type: str, value: bytes) -> Message:
    raise ValueError("not mine")


def a_record(value: bytes | None, *headers: tuple[str, bytes]) -> ReadRecord:
    return ReadRecord("things", 3, 17, b"42", value, headers, AT)


def test_ids_are_numbers_and_fields_have_their_own_names() -> None:
    message = UninterpretedOption(positive_int_value=2**52, identifier_value="x")
    content = fields_of(message)
    assert content["positive_int_value"] == 2**52
    assert content["identifier_value"] == "x"


def test_the_decoder_that_knows_a_type_decodes_it() -> None:
    value = RequestInfo(request_id="r1").SerializeToString()
    content = content_of("thing.made.v1", value, [decode_nothing, decode])
    assert content == {"request_id": "r1", "serving_data": ""}


def test_what_nobody_can_decode_is_shown_as_bytes_with_the_reasons() -> None:
    content = content_of("thing.lost.v1", b"\xff", [decode_nothing, decode])
    assert content == {
        "undecoded": "not mine; unknown event type 'thing.lost.v1'",
        "base64": "/w==",
    }
    assert content_of("thing.made.v1", b"", [])["undecoded"] == "no decoder is installed"


def test_a_record_is_one_line() -> None:
    value = RequestInfo(request_id="r1").SerializeToString()
    headers = [("ce_time", b"2026-01-02T03:04:05Z"), ("ce_type", b"thing.made.v1"), ("ce_id", b"i")]
    assert record_as_line(a_record(value, *headers), [decode]) == (
        "2026-01-02T03:04:05Z  thing.made.v1  key=42  things/3/17  i"
        '  {"request_id": "r1", "serving_data": ""}'
    )


def test_a_record_that_is_no_event_is_shown_all_the_same() -> None:
    assert record_as_dict(a_record(None), []) == {
        "time": "2026-01-02T03:04:05.678Z",
        "type": None,
        "key": "42",
        "id": None,
        "source": None,
        "place": "things/3/17",
        "data": None,
    }
