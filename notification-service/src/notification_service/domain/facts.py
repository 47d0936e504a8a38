"""What happened elsewhere, and what people are told of it (contracts, part 3)."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from notification_service.domain.models import Content, Target
from notification_service.domain.provenance import Origin

FOLLOW_CREATED: Final = "follow_created"
POST_CREATED: Final = "post_created"
FOLLOW_BEGAN: Final = "relation.follow_created.v1"
FOLLOW_ENDED: Final = "relation.follow_deleted.v1"
POST_APPEARED: Final = "post.created.v1"
POST_VANISHED: Final = "post.deleted.v1"
DELETED_USERNAME: Final = "deleted"
"""Stands for the name of an account that is gone before it could be named."""

# `json.dumps` with arguments makes an encoder each time, which takes longer than to encode.
_COMPACT: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class FollowStarted:
    """Somebody began to follow somebody."""

    event_id: UUID
    follower_id: int
    followee_id: int
    occurred_at: datetime
    traceparent: str = ""
    origin: Origin | None = field(default=None, compare=False)

    @property
    def ids(self) -> tuple[int, int]:
        """Who did it, and whom it is about."""
        return self.follower_id, self.followee_id

    @property
    def target(self) -> Target:
        """What the followee is told of."""
        return Target(self.followee_id, _follow_subject(self.follower_id, self.followee_id))

    def content(self, follower_username: str) -> Content:
        """What the followee is told."""
        payload = {
            "follower_id": self.follower_id,
            "follower_username": follower_username,
            "followee_id": self.followee_id,
            "timestamptz": _rfc3339(self.occurred_at),
        }
        return Content(
            FOLLOW_CREATED, _json(payload), subject=self.target.subject, event_id=self.event_id
        )


@dataclass(frozen=True, slots=True)
class FollowEnded:
    """Somebody no longer follows somebody."""

    event_id: UUID
    follower_id: int
    followee_id: int
    origin: Origin | None = field(default=None, compare=False)

    @property
    def ids(self) -> tuple[int, int]:
        """Who did it, and whom it is about."""
        return self.follower_id, self.followee_id

    @property
    def target(self) -> Target:
        """What the followee need not know any more."""
        return Target(self.followee_id, _follow_subject(self.follower_id, self.followee_id))


@dataclass(frozen=True, slots=True)
class PostPublished:
    """A post is there for its author's followers."""

    event_id: UUID
    post_id: int
    author_id: int
    title: str
    occurred_at: datetime
    traceparent: str = ""
    origin: Origin | None = field(default=None, compare=False)

    @property
    def ids(self) -> tuple[int, int]:
        """Who did it, and which post it is about."""
        return self.author_id, self.post_id

    def content(self, author_username: str) -> Content:
        """What each follower is told."""
        payload = {
            "post_id": self.post_id,
            "author_id": self.author_id,
            "author_username": author_username,
            "title": self.title,
            "timestamptz": _rfc3339(self.occurred_at),
        }
        return Content(
            POST_CREATED, _json(payload), subject=post_subject(self.post_id), event_id=self.event_id
        )


@dataclass(frozen=True, slots=True)
class PostGone:
    """A post is no more."""

    event_id: UUID
    post_id: int
    author_id: int
    origin: Origin | None = field(default=None, compare=False)

    @property
    def ids(self) -> tuple[int, int]:
        """Who did it, and which post it is about."""
        return self.author_id, self.post_id


@dataclass(frozen=True, slots=True)
class AccountGone:
    """An account is no more."""

    event_id: UUID
    user_id: int
    origin: Origin | None = field(default=None, compare=False)

    @property
    def ids(self) -> tuple[int, int]:
        """Whose account it is, twice."""
        return self.user_id, self.user_id


Fact = FollowStarted | FollowEnded | PostPublished | PostGone | AccountGone


def post_subject(post_id: int) -> str:
    """What notifications about a post are about."""
    return f"post:{post_id}"


def _follow_subject(follower_id: int, followee_id: int) -> str:
    return f"follow:{follower_id}:{followee_id}"


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _json(payload: dict[str, object]) -> bytes:
    return _COMPACT.encode(payload).encode()
