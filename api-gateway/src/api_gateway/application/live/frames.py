"""What a client is sent (contracts, part 4), before a carrier puts it into bytes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from api_gateway.application.live.inbox import Delivered, Entry, InboxState, UnreadChanged


@dataclass(slots=True)
class Frame:
    """One frame, shared by all connections that it goes to.

    `body` is what its JSON holds beside `type`. `seq` is the place that a client has reached with
    it, None for frames that move nothing. `unread` is the count that it tells, if any.
    `committed_at` (Unix seconds) is set on what has just happened. `resumed` is on the `ready` of a
    resumed connection: `caught_up` or `reset`. `encoded` is for the carriers: its JSON, made once.
    """

    type: str
    body: dict[str, object] = field(default_factory=dict)
    seq: int | None = None
    unread: int | None = None
    committed_at: float | None = None
    resumed: str | None = None
    encoded: bytes | None = field(default=None, compare=False, repr=False)


def ready_frame(state: InboxState, last: int, resumed: str | None) -> Frame:
    """The first one: how far the inbox has come; the client itself has come to `last`."""
    body: dict[str, object] = {"seq": state.last_seq, "unread": state.unread}
    return Frame("ready", body, seq=last, unread=state.unread, resumed=resumed)


def entry_frame(entry: Entry, unread: int) -> Frame:
    """The next entry of an inbox; a tombstone tells its seq too, so that the client misses none."""
    one = entry.notification
    if entry.withdrawn:
        return tombstone_frame(one.id, one.seq, unread)
    body: dict[str, object] = {"seq": one.seq, "unread": unread, "data": one}
    return Frame("notification", body, seq=one.seq, unread=unread)


def delivered_frame(happened: Delivered) -> Frame:
    """An entry that has just been made."""
    frame = entry_frame(happened.entry, happened.unread)
    frame.committed_at = happened.committed_at
    if happened.traceparent:
        frame.body["traceparent"] = happened.traceparent
    return frame


def tombstone_frame(notification_id: int, seq: int, unread: int) -> Frame:
    """A notification that was withdrawn before the client saw it."""
    body: dict[str, object] = {"id": notification_id, "seq": seq, "unread": unread}
    return Frame("withdrawn", body, seq=seq, unread=unread)


def withdrawn_frame(notification_id: int, unread: int) -> Frame:
    """A notification that the client has seen was withdrawn; without a seq, which would go back."""
    return Frame("withdrawn", {"id": notification_id, "unread": unread}, unread=unread)


def reset_frame(seq: int) -> Frame:
    """Too much was missed: the client reads the feed and goes on after `seq`."""
    return Frame("reset", {"seq": seq}, seq=seq)


def read_frame(ids: Sequence[int], up_to_seq: int | None, unread: int) -> Frame:
    """The owner has read some elsewhere: those, or everything up to a seq."""
    which: dict[str, object] = {"ids": list(ids)}
    if up_to_seq is not None:
        which = {"up_to_seq": up_to_seq}
    return Frame("read", {**which, "unread": unread})


def seen_frame(up_to_seq: int, unseen: int) -> Frame:
    """The owner has looked at the inbox elsewhere."""
    return Frame("seen", {"up_to_seq": up_to_seq, "unseen": unseen})


def archived_frame(ids: Sequence[int], *, archived: bool, unread: int) -> Frame:
    """The owner has archived some elsewhere, which are read by that, or has taken them back."""
    return Frame("archived", {"ids": list(ids), "archived": archived, "unread": unread})


def mark_frames(what: UnreadChanged) -> list[Frame]:
    """All that the owner has done elsewhere."""
    made: list[Frame] = []
    if what.read_ids or what.read_up_to_seq is not None:
        made.append(read_frame(what.read_ids, what.read_up_to_seq, what.unread))
    if what.seen_up_to_seq is not None:
        made.append(seen_frame(what.seen_up_to_seq, what.unseen))
    for ids, archived in ((what.archived_ids, True), (what.unarchived_ids, False)):
        if ids:
            made.append(archived_frame(ids, archived=archived, unread=what.unread))
    return made


def media_frame(media_id: int, state: str) -> Frame:
    """An upload of the client's owner has come to an end; it moves nothing."""
    return Frame("media", {"id": media_id, "state": state})


@lru_cache(maxsize=1024)
def unread_frame(unread: int) -> Frame:
    """Only the count has changed."""
    return Frame("unread", {"unread": unread}, unread=unread)


@lru_cache(maxsize=16)
def plain_frame(kind: str) -> Frame:
    """A frame that says nothing but its type: ping, pong, token_expiring."""
    return Frame(kind)


def error_frame(code: str, message: str) -> Frame:
    """What a client asked for was refused; the connection goes on."""
    return Frame("error", {"code": code, "message": message})
