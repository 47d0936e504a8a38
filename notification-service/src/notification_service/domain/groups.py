"""Notifications that tell the same kind of thing, as one.

A group holds what came into one inbox on one day (UTC) under one key: whoever followed; the posts
of one author; what users sent under one type. It is no longer a group of its own once the day is
over, so that what was read yesterday does not come up again today.
"""

import json
from dataclasses import dataclass
from typing import NamedTuple

from notification_service.domain.facts import FOLLOW_CREATED, POST_CREATED
from notification_service.domain.models import Notification


class Membership(NamedTuple):
    """Under which key a notification is grouped, and whom it tells of (None: of nobody)."""

    key: str
    about_id: int | None


def membership(
    type_: str, actor_id: int | None, subject: str | None, payload: bytes | None
) -> Membership:
    """Where a notification belongs, by what it was sent with.

    What a user sends is never in a group of the system's, whatever its type says.
    """
    if actor_id is not None:
        return Membership(f"sent:{type_}", actor_id)
    about_id = None
    if type_ == FOLLOW_CREATED:
        about_id = _named(payload, "follower_id") if subject else None
    elif type_ == POST_CREATED:
        about_id = _named(payload, "author_id") if subject else None
        if about_id is not None:
            return Membership(f"{type_}:{about_id}", about_id)
    return Membership(type_, about_id)


@dataclass(frozen=True, slots=True)
class Group:
    """One group: its newest notification, and what is shown and unread of it.

    `actor_ids` are the latest of the `actors` people whom it tells of, at most three.
    `position` is its place in the walk that it was asked for in.
    """

    latest: Notification
    size: int
    unread: int
    actor_ids: tuple[int, ...]
    actors: int
    position: int


@dataclass(frozen=True, slots=True)
class GroupWindow:
    """Which groups: those below `before`, as the inbox stood when `top` was its newest seq.

    None for both: the first ones, as the inbox stands.
    """

    limit: int
    top: int | None = None
    before: int | None = None
    unread_only: bool = False


@dataclass(frozen=True, slots=True)
class GroupPage:
    """A part of a walk, and where it goes on: `top` and `before` of the next one, or None."""

    groups: tuple[Group, ...] = ()
    following: tuple[int, int] | None = None


def _named(payload: bytes | None, name: str) -> int | None:
    content = json.loads(payload) if payload else None
    found = content.get(name) if isinstance(content, dict) else None
    return found if isinstance(found, int) else None
