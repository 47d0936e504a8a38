"""What is told of inboxes: how far they have come, what is in them, what has just happened."""

from dataclasses import dataclass

from api_gateway.domain.notification import Notification


@dataclass(frozen=True, slots=True)
class InboxState:
    """How far an inbox has come: its newest seq (0: it never held anything), and what is unread."""

    last_seq: int
    unread: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One place of an inbox; a withdrawn notification leaves a tombstone there."""

    notification: Notification
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Missed:
    """What follows a seq: entries in order, perhaps not up to the newest one."""

    entries: tuple[Entry, ...]
    state: InboxState


@dataclass(frozen=True, slots=True)
class Subscribed:
    """From here on nothing after `state.last_seq` is missed.

    `due_seq` is the newest that is to be pushed now, None for all: what comes after it waits for
    the end of quiet hours, or for one of a type that is wanted live.
    """

    user_id: int
    state: InboxState
    due_seq: int | None = None


@dataclass(frozen=True, slots=True)
class Delivered:
    """A new entry.

    `unread` counts it. `committed_at` is in Unix seconds. `traceparent` is the W3C context of what
    caused it, empty where there is none. One that is `silent` is not to be pushed now.
    """

    entry: Entry
    unread: int
    committed_at: float
    traceparent: str = ""
    silent: bool = False

    @property
    def user_id(self) -> int:
        """Whose inbox it is in."""
        return self.entry.notification.user_id


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A notification is gone; its seq is not given again."""

    user_id: int
    notification_id: int
    seq: int
    unread: int


@dataclass(frozen=True, slots=True)
class UnreadChanged:
    """Notifications were read, seen or archived, perhaps on another device.

    What the fields after `unread` do not name is as it was; `unseen` goes with `seen_up_to_seq`.
    """

    user_id: int
    unread: int
    read_ids: tuple[int, ...] = ()
    read_up_to_seq: int | None = None
    seen_up_to_seq: int | None = None
    unseen: int = 0
    archived_ids: tuple[int, ...] = ()
    unarchived_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class MediaChanged:
    """An upload is `ready`, or has `failed`; told once, and nowhere kept but with the upload."""

    user_id: int
    media_id: int
    state: str


Happening = Subscribed | Delivered | Withdrawn | UnreadChanged | MediaChanged
