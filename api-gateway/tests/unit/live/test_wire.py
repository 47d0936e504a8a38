"""Frames as bytes, and bytes as commands."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from service_kit.errors import InvalidArgument

from api_gateway.adapters.http.schemas.notification import shown
from api_gateway.adapters.live.wire import (
    Encoder,
    InvalidFrame,
    UnknownType,
    command_from_json,
)
from api_gateway.application.live.commands import Ping, Pong, Read, ReadAll, Renew, Resume, Seen
from api_gateway.application.live.frames import (
    Frame,
    delivered_frame,
    plain_frame,
    ready_frame,
    unread_frame,
)
from api_gateway.application.live.inbox import Delivered, Entry, InboxState
from tests.live.builders import a_notification, delivery


def encoder() -> Encoder:
    return Encoder(shown)


def with_payload(payload: bytes) -> Frame:
    entry = Entry(a_notification(3, payload=payload))
    return delivered_frame(Delivered(entry, 1, 0.0))


def test_a_frame_is_written_once() -> None:
    frame = delivered_frame(delivery(3))
    assert encoder().json(frame) is encoder().json(frame)


def test_a_trace_context_travels_with_the_frame() -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    frame = delivered_frame(replace(delivery(3), traceparent=parent))
    assert json.loads(encoder().json(frame))["traceparent"] == parent
    assert "traceparent" not in json.loads(encoder().json(delivered_frame(delivery(3))))


def test_a_payload_is_echoed_as_it_was_sent() -> None:
    payload = b'{"big":12345678901234567890123,"n":1.0,"text":"\\u00e4\xc3\xa4"}'
    assert payload in encoder().json(with_payload(payload))


def test_an_event_has_an_id_only_where_the_client_gets_further() -> None:
    ready = ready_frame(InboxState(7, 2), 5, "caught_up")
    assert encoder().event(ready).startswith(b"id: 5\nevent: ready\ndata: {")
    assert encoder().event(unread_frame(3)) == (
        b'event: unread\ndata: {"type":"unread","unread":3}\n\n'
    )


def test_a_heartbeat_is_a_comment() -> None:
    assert encoder().event(plain_frame("ping")) == b": ping\n\n"


@settings(deadline=None)
@given(st.lists(st.sampled_from(["\n", "\r", "\r\n", " ", '"a"', ","]), max_size=8))
def test_an_event_is_one_whatever_breaks_its_lines(between: list[str]) -> None:
    payload = "[1," + "".join(part for part in between if part.isspace()) + "2]"
    event = encoder().event(with_payload(payload.encode()))
    assert event.endswith(b"\n\n")
    assert event.count(b"\n\n") == 1
    lines = event.decode().removesuffix("\n\n").split("\n")
    assert all(line.startswith(("id: ", "event: ", "data: ")) for line in lines)
    data = "\n".join(line.removeprefix("data: ") for line in lines if line.startswith("data: "))
    assert json.loads(data)["data"]["payload"] == [1, 2]


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ('{"type":"resume","after_seq":120}', Resume(120)),
        ('{"type":"resume","after_seq":0}', Resume(0)),
        ('{"type":"resume","after_seq":null}', Resume(None)),
        ('{"type":"resume","more":1}', Resume(None)),
        ('{"type":"read","id":17}', Read(17)),
        ('{"type":"read_all","up_to_seq":124}', ReadAll(124)),
        ('{"type":"read_all"}', ReadAll(None)),
        ('{"type":"seen","up_to_seq":124}', Seen(124)),
        ('{"type":"seen"}', Seen(None)),
        ('{"type":"token","access_token":"a.b.c"}', Renew("a.b.c")),
        ('{"type":"ping"}', Ping()),
        ('{"type":"pong"}', Pong()),
    ],
)
def test_what_clients_say(text: str, command: object) -> None:
    assert command_from_json(text) == command


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", InvalidFrame),
        ("nonsense", InvalidFrame),
        ("null", InvalidFrame),
        ('{"type":null}', InvalidFrame),
        ('{"type":"resume","after_seq":1.0}', InvalidFrame),
        ('{"type":"token"}', InvalidFrame),
        ('{"type":"dance"}', UnknownType),
        ('{"type":"read"}', InvalidArgument),
        ('{"type":"read","id":0}', InvalidArgument),
        ('{"type":"read","id":9223372036854775808}', InvalidArgument),
    ],
)
def test_what_is_no_command(text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        command_from_json(text)


@pytest.mark.parametrize(
    ("number", "issue"),
    [(-1, "must be at least 0"), (2**63, "must be at most 9223372036854775807")],
)
def test_a_seq_out_of_range_is_told_on_which_side(number: int, issue: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        command_from_json(json.dumps({"type": "resume", "after_seq": number}))
    assert [violation.issue for violation in refused.value.violations] == [issue]


@settings(deadline=None)
@given(
    st.text() | st.dictionaries(st.text(), st.none() | st.integers() | st.text()).map(json.dumps)
)
def test_nothing_that_a_client_says_is_a_crash(text: str) -> None:
    try:
        command_from_json(text)
    except InvalidArgument as error:
        assert error.code  # noqa: PT017 - any other exception fails the test
