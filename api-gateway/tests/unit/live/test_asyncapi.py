"""docs/asyncapi.yaml says what clients are really sent, and what they may say."""

import json
from dataclasses import replace
from typing import Any, get_args

import jsonschema
import pytest

from api_gateway.adapters.http.schemas.notification import shown
from api_gateway.adapters.live.wire import Encoder, UnknownType, command_from_json
from api_gateway.application.live import closing, frames
from api_gateway.application.live.closing import Closing
from api_gateway.application.live.commands import Command
from api_gateway.application.live.frames import Frame
from api_gateway.application.live.inbox import InboxState
from tests.live.asyncapi import check, document
from tests.live.builders import a_notification, an_entry, delivery

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def bodies() -> dict[str, list[Frame]]:
    """Frames of every kind, by the function that makes them."""
    sent_by_somebody = replace(an_entry(3), notification=replace(a_notification(3), actor_id=8))
    bare = replace(an_entry(3), notification=a_notification(3, payload=None))
    return {
        "ready_frame": [frames.ready_frame(InboxState(124, 4), 120, "caught_up")],
        "entry_frame": [
            frames.entry_frame(an_entry(3), 1),
            frames.entry_frame(sent_by_somebody, 1),
            frames.entry_frame(bare, 1),
            frames.entry_frame(an_entry(3, withdrawn=True), 1),
        ],
        "delivered_frame": [
            frames.delivered_frame(delivery(3)),
            frames.delivered_frame(replace(delivery(3), traceparent=TRACE)),
        ],
        "tombstone_frame": [frames.tombstone_frame(17, 3, 0)],
        "withdrawn_frame": [frames.withdrawn_frame(17, 0)],
        "reset_frame": [frames.reset_frame(5000)],
        "read_frame": [frames.read_frame([17], None, 3), frames.read_frame([], 124, 0)],
        "seen_frame": [frames.seen_frame(124, 0)],
        "archived_frame": [
            frames.archived_frame([17], archived=there, unread=3) for there in (True, False)
        ],
        "media_frame": [frames.media_frame(9, "ready"), frames.media_frame(9, "failed")],
        "unread_frame": [frames.unread_frame(0)],
        "plain_frame": [frames.plain_frame(kind) for kind in ("ping", "pong", "token_expiring")],
        "error_frame": [frames.error_frame("UNKNOWN_TYPE", "unknown frame type")],
    }


def every_frame() -> list[Frame]:
    return [frame for made in bodies().values() for frame in made]


def messages(prefix: str) -> dict[str, Any]:
    """The documented messages of the live channel, by their type."""
    found = document()["components"]["messages"]
    return {
        name.removeprefix(prefix): one for name, one in found.items() if name.startswith(prefix)
    }


def test_no_way_of_making_a_frame_is_left_out() -> None:
    assert {name for name in vars(frames) if name.endswith("_frame")} == set(bodies())


@pytest.mark.parametrize("frame", every_frame(), ids=lambda frame: frame.type)
def test_a_frame_fits_its_schema(frame: Frame) -> None:
    check(json.loads(Encoder(shown).json(frame)), f"frames.{frame.type}")


def test_every_documented_frame_is_one_that_is_sent() -> None:
    assert set(messages("frames.")) == {frame.type for frame in every_frame()}
    assert all(one["name"] == name for name, one in messages("frames.").items())


def test_a_frame_that_says_something_else_does_not_fit() -> None:
    with pytest.raises(jsonschema.ValidationError):
        check({"type": "ready", "seq": "124", "unread": 4}, "frames.ready")
    with pytest.raises(jsonschema.ValidationError):
        check({"type": "ready", "seq": 124, "unread": 4, "more": 1}, "frames.ready")


def test_a_socket_carries_all_frames_and_commands_and_a_stream_no_heartbeats() -> None:
    socket, stream = (
        document()["channels"][name]["messages"] for name in ("live-socket", "live-stream")
    )
    every = {f"frames.{name}" for name in messages("frames.")}
    assert set(socket) == every | {f"commands.{name}" for name in messages("commands.")}
    assert set(stream) == every - {"frames.ping", "frames.pong"}


@pytest.mark.parametrize("kind", ["resume", "read", "read_all", "seen", "token", "ping", "pong"])
def test_what_a_client_may_say_is_understood(kind: str) -> None:
    for example in messages("commands.")[kind]["examples"]:
        check(example["payload"], f"commands.{kind}")
        understood = command_from_json(json.dumps(example["payload"]))
        assert isinstance(understood, get_args(Command))


def test_every_command_is_documented_and_no_other() -> None:
    examples = [one["examples"][0]["payload"] for one in messages("commands.").values()]
    understood = {type(command_from_json(json.dumps(example))) for example in examples}
    assert understood == set(get_args(Command))
    with pytest.raises(UnknownType):
        command_from_json('{"type":"dance"}')


def test_the_examples_of_frames_fit_their_schemas() -> None:
    for name, message in messages("frames.").items():
        for example in message.get("examples", []):
            check(example["payload"], f"frames.{name}")


def test_every_close_code_is_documented() -> None:
    constants = [one.close_code for one in vars(closing).values() if isinstance(one, Closing)]
    codes = {*constants, closing.restarting(1.0).close_code}
    assert set(document()["channels"]["live-socket"]["x-close-codes"]) == {
        str(code) for code in codes
    }
