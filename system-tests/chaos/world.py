"""What is the case at the end of a run, as plain values."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

Pair = tuple[int, int]
"""Follower and followee."""


class Event(NamedTuple):
    """A row of an outbox. `ids` are those that its message is about, `text` a username or title.

    `relation.*`: follower, followee. `post.*`: post, author. `user.*`: user.
    """

    id: UUID
    type: str
    ids: tuple[int, ...]
    text: str
    created_at: datetime


class Notified(NamedTuple):
    """A row of an inbox; `subject` is `follow:<follower>:<followee>` or `post:<post>`."""

    id: int
    user_id: int
    seq: int
    subject: str
    is_read: bool
    is_withdrawn: bool
    created_at: datetime


class Inbox(NamedTuple):
    """What the row of an inbox says of its content."""

    last_seq: int
    unread: int
    total: int
    is_closed: bool


@dataclass(slots=True)
class View:
    """What somebody sees through the public ports."""

    full_name: str = ""
    unread: int = 0
    total: int = 0
    feed: list[int] = field(default_factory=list)
    """Ids of notifications, newest first."""
    followers: set[int] = field(default_factory=set)
    titles: set[str] = field(default_factory=set)
    """Of their own posts."""
    author_names: set[str] = field(default_factory=set)
    """Their own full name, as their posts show it."""


@dataclass(slots=True)
class World:
    """Databases, events and views after everything has come to rest."""

    users: dict[int, str] = field(default_factory=dict)
    """Full names by id."""
    credentials: set[int] = field(default_factory=set)
    follows: set[Pair] = field(default_factory=set)
    posts: dict[int, tuple[int, str]] = field(default_factory=dict)
    """Author and title by id."""
    events: list[Event] = field(default_factory=list)
    claims: dict[UUID, datetime] = field(default_factory=dict)
    """When notification-service took an event in."""
    inboxes: dict[int, Inbox] = field(default_factory=dict)
    notifications: list[Notified] = field(default_factory=list)
    views: dict[int, View] = field(default_factory=dict)
    """By user; people of whom nothing is here were not asked."""
    leftovers: list[str] = field(default_factory=list)
    """What has not come to rest: unsent events, lag, jobs, dead letters."""
