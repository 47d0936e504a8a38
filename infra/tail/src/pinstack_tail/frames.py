"""What the server says on the live channel (docs/asyncapi.yaml), as values."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Notification:
    """One notification; `payload` is any JSON, `created_at` RFC 3339 in UTC.

    `actor_id` is set on what a person has sent; the system's own have none.
    """

    id: int
    type: str
    seq: int
    created_at: str
    is_read: bool = False
    payload: Any = None
    actor_id: int | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """The answer to `resume`: how far the inbox has come."""

    seq: int
    unread: int


@dataclass(frozen=True, slots=True)
class Told:
    """The next notification."""

    seq: int
    unread: int
    notification: Notification


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A notification is gone; with a `seq` it is one that this client had not been told of."""

    id: int
    unread: int
    seq: int | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """The count has changed."""

    unread: int


@dataclass(frozen=True, slots=True)
class ReadElsewhere:
    """Another device has read some: those with `ids`, or everything up to a seq."""

    unread: int
    ids: Sequence[int] = ()
    up_to_seq: int | None = None


@dataclass(frozen=True, slots=True)
class SeenElsewhere:
    """Another device has shown everything up to a seq; `unseen` of the unread ones come after."""

    up_to_seq: int
    unseen: int


@dataclass(frozen=True, slots=True)
class ArchivedElsewhere:
    """Another device has archived some, which are read by that, or has taken them back."""

    unread: int
    ids: Sequence[int]
    archived: bool


@dataclass(frozen=True, slots=True)
class Reset:
    """Too much was missed to be told one by one: read the feed, and go on after `seq`."""

    seq: int


@dataclass(frozen=True, slots=True)
class TokenExpiring:
    """The access token ends within a minute, and the connection with it."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Something that was asked for is refused; the connection goes on."""

    code: str
    message: str


Marked = ReadElsewhere | SeenElsewhere | ArchivedElsewhere
"""What the owner has done on another device."""

Frame = Ready | Told | Withdrawn | Unread | Marked | Reset | TokenExpiring | Refused


def frame_from_json(text: str | bytes) -> Frame | None:
    """A frame; None for `ping`, `pong` and for types that are newer than this client."""
    said: dict[str, Any] = json.loads(text)
    read = _READERS.get(said["type"])
    return None if read is None else read(said)


def notification_from_json(said: Mapping[str, Any]) -> Notification:
    """A notification as frames and feeds show it; fields that are not known are left out."""
    return Notification(
        id=said["id"],
        type=said["type"],
        seq=said["seq"],
        created_at=said["created_at"],
        is_read=said["is_read"],
        payload=said.get("payload"),
        actor_id=said.get("actor_id"),
    )


_READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], Frame]]] = {
    "ready": lambda said: Ready(said["seq"], said["unread"]),
    "notification": lambda said: Told(
        said["seq"], said["unread"], notification_from_json(said["data"])
    ),
    "withdrawn": lambda said: Withdrawn(said["id"], said["unread"], said.get("seq")),
    "unread": lambda said: Unread(said["unread"]),
    "read": lambda said: ReadElsewhere(said["unread"], said.get("ids", ()), said.get("up_to_seq")),
    "seen": lambda said: SeenElsewhere(said["up_to_seq"], said["unseen"]),
    "archived": lambda said: ArchivedElsewhere(said["unread"], said["ids"], said["archived"]),
    "reset": lambda said: Reset(said["seq"]),
    "token_expiring": lambda _: TokenExpiring(),
    "error": lambda said: Refused(said["code"], said["message"]),
}
