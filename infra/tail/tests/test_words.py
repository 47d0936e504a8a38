"""What is shown, of data that strangers write."""

import json
from io import StringIO

import pytest
from pinstack_tail.client import Feed, Offline, Online
from pinstack_tail.frames import (
    ArchivedElsewhere,
    Marked,
    Notification,
    ReadElsewhere,
    SeenElsewhere,
    Told,
    Unread,
    frame_from_json,
    notification_from_json,
)
from pinstack_tail.screen import Screen, json_line
from pinstack_tail.words import headline, sentence
from rich.console import Console

from tests.fakes import entry, told

POST = {"author_username": "grace", "title": "Notes"}


@pytest.mark.parametrize(
    ("kind", "payload", "actor_id", "text"),
    [
        ("follow_created", {"follower_username": "grace"}, None, "grace follows you"),
        ("post_created", POST, None, "grace wrote “Notes”"),
        ("post_created", POST, 9, f"post_created from user 9: {POST}"),
        ("greeting", None, 9, "greeting from user 9"),
        ("follow_created", "no object", None, "somebody follows you"),
    ],
)
def test_a_notification_in_one_line(
    kind: str, payload: object, actor_id: int | None, text: str
) -> None:
    notification = Notification(1, kind, 1, "2026-01-02T03:04:05Z", False, payload, actor_id)
    assert headline(notification) == text


def test_a_stranger_cannot_drive_the_terminal() -> None:
    evil = "\x1b[2J\x1b]0;owned\x07\u202egood\r\n"
    line = headline(Notification(1, "greeting", 1, "2026-01-02T03:04:05Z", False, evil, 9))
    assert line.isprintable()
    assert len(headline(Notification(1, "greeting", 1, "", False, "x" * 10_000, 9))) < 300


def test_the_screen_shows_every_kind_of_event_as_a_line() -> None:
    frame = frame_from_json(json.dumps(told(6, "follow_created", {"follower_username": "[b]eve"})))
    assert isinstance(frame, Told)
    feed = Feed([notification_from_json(entry(5)), notification_from_json(entry(4))], 5, 2)
    output = StringIO()
    with Screen("ada", Console(file=output, width=100)) as screen:
        for event in (
            Online(5, 2, 0),
            feed,
            frame,
            Unread(0),
            Offline("the server restarts", 1.25),
        ):
            screen.show(event)
    lines = output.getvalue().splitlines()
    assert [line.split()[0] for line in lines[2:5]] == ["4", "5", "6"]
    assert lines[4].endswith("[b]eve follows you")
    assert "the server restarts; back in 1.2 s" in lines[6]


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (ReadElsewhere(1, [7]), "notification 7 read elsewhere; 1 unread"),
        (ReadElsewhere(0, (), 9), "all up to seq 9 read elsewhere; 0 unread"),
        (SeenElsewhere(9, 2), "all up to seq 9 seen elsewhere; 2 unseen"),
        (ArchivedElsewhere(1, [7, 8], True), "notifications 7, 8 archived elsewhere; 1 unread"),
        (ArchivedElsewhere(1, [7], False), "notification 7 taken back from the archive; 1 unread"),
    ],
)
def test_what_another_device_did_in_one_line(event: Marked, text: str) -> None:
    assert sentence(event) == text


def test_what_is_seen_elsewhere_is_still_unread() -> None:
    output = StringIO()
    with Screen("ada", Console(file=output, width=100, force_terminal=True)) as screen:
        screen.show(Unread(3))
        screen.show(SeenElsewhere(9, 0))
        screen.show(ArchivedElsewhere(2, [7], True))
    lines = output.getvalue()
    assert lines.rindex("3 unread · ada") > lines.index("seen elsewhere")
    assert lines.rindex("2 unread · ada") > lines.index("archived elsewhere")


def test_the_status_stands_below_the_lines_in_a_terminal() -> None:
    output = StringIO()
    with Screen("ada", Console(file=output, width=100, force_terminal=True)) as screen:
        screen.show(Unread(3))
    assert "3 unread · ada · live" in output.getvalue().replace("\x1b[0m", "").replace(
        "\x1b[32m", ""
    )


def test_programs_get_lines_of_json() -> None:
    assert json.loads(json_line(Unread(3))) == {"event": "unread", "unread": 3}
    assert sentence(Online(5, 0, 2)) == "connected at seq 5; 2 missed follow"
