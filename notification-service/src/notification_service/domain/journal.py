"""What has happened to inboxes, fact by fact: whoever has all of it can build them again."""

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID


class Kind(StrEnum):
    """What a fact is about."""

    CREATED = "created"
    READ = "read"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"
    SEEN = "seen"
    ARCHIVED = "archived"


class JournalEntry(NamedTuple):
    """A fact; which fields it has depends on its kind. Told twice, it is the same fact.

    A `READ` is of one notification, or of all up to and with `up_to_seq`. Of several `ARCHIVED` of
    one notification that with the largest `version` holds.
    """

    kind: Kind
    user_id: int
    at: datetime
    notification_id: int | None = None
    seq: int | None = None
    type: str | None = None
    payload: str | None = None
    actor_id: int | None = None
    subject: str | None = None
    idempotency_key: str | None = None
    up_to_seq: int | None = None
    is_archived: bool | None = None
    version: int | None = None
    group_key: str | None = None
    about_id: int | None = None
    event_id: UUID | None = None
    held: str | None = None


class Replayed(NamedTuple):
    """What inboxes hold after a replay; `kept` are those that the journal does not know."""

    inboxes: int
    notifications: int
    kept: int
