"""Events as sentences for people."""

from collections.abc import Sequence
from typing import Final

from pinstack_tail.client import Event, Feed, Offline, Online
from pinstack_tail.frames import (
    ArchivedElsewhere,
    Marked,
    Notification,
    ReadElsewhere,
    Refused,
    SeenElsewhere,
    Told,
    Unread,
    Withdrawn,
)

_LONGEST: Final = 200
_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"


def sentence(event: Event) -> str:
    """What has happened."""
    match event:
        case Online(seq, _, missed):
            said = f"connected at seq {seq}" + (f"; {missed} missed follow" if missed else "")
        case Offline(why, retry_in):
            said = f"offline: {printable(why)}; back in {retry_in:.1f} s"
        case Feed(notifications, seq):
            said = f"too much was missed: the newest {len(notifications)} up to seq {seq}"
        case Told(_, _, notification):
            said = headline(notification)
        case Withdrawn(id):
            said = f"notification {id} was withdrawn"
        case Unread() | ReadElsewhere() | SeenElsewhere() | ArchivedElsewhere():
            said = _counted(event)
        case Refused(code, message):
            said = f"refused: {printable(message)} ({code})"
    return said


def _counted(event: Unread | Marked) -> str:
    match event:
        case Unread(unread):
            return f"{unread} unread"
        case ReadElsewhere(unread, ids, up_to_seq):
            which = f"all up to seq {up_to_seq}" if up_to_seq is not None else _named(ids)
            return f"{which} read elsewhere; {unread} unread"
        case SeenElsewhere(up_to_seq, unseen):
            return f"all up to seq {up_to_seq} seen elsewhere; {unseen} unseen"
        case ArchivedElsewhere(unread, ids, archived):
            done = "archived elsewhere" if archived else "taken back from the archive"
            return f"{_named(ids)} {done}; {unread} unread"


def _named(ids: Sequence[int]) -> str:
    return f"notification{'' if len(ids) == 1 else 's'} {', '.join(map(str, ids))}"


def headline(notification: Notification) -> str:
    """What a notification tells; its payload may be anything, other people write it."""
    payload = notification.payload if isinstance(notification.payload, dict) else {}
    match notification.type:
        case "follow_created" if notification.actor_id is None:
            return f"{printable(payload.get('follower_username', 'somebody'))} follows you"
        case "post_created" if notification.actor_id is None:
            author, title = payload.get("author_username", "somebody"), payload.get("title", "")
            return f"{printable(author)} wrote “{printable(title)}”"
        case kind:
            sender = "" if notification.actor_id is None else f" from user {notification.actor_id}"
            said = "" if notification.payload is None else f": {printable(notification.payload)}"
            return f"{kind}{sender}{said}"


def printable(value: object) -> str:
    """Text that does nothing to a terminal but show itself: escape sequences are commands."""
    text = str(value)
    shown = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return "".join(one if one.isprintable() else _REPLACEMENT for one in shown)
