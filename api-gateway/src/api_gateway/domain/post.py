"""Posts as a client sees them, with their author, and what it says to make or change one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from service_kit.errors import NotFound


class PostNotFound(NotFound):
    """There is no post with that id."""

    code = "POST_NOT_FOUND"
    message = "post not found"


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote a post: the part of a user that stands beside it."""

    id: int
    username: str
    full_name: str | None = None
    avatar_url: str | None = None


DELETED_AUTHOR: Final = Author(id=0, username="deleted")
"""Stands where the account of an author is gone and its posts are not yet."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag of a post."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Media:
    """An image or a video of a post; `position` is 1 to 9."""

    id: int
    url: str
    type: str
    position: int
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """A post as post-service keeps it; `content` is empty where there is none."""

    id: int
    author_id: int
    title: str
    content: str
    tags: Sequence[Tag]
    media: Sequence[Media]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class AuthoredPost:
    """A post and who wrote it."""

    post: Post
    author: Author


@dataclass(frozen=True, slots=True)
class MediaDraft:
    """Media to attach, an upload or an address; without a `position` as it is listed."""

    url: str
    type: str
    position: int | None = None
    description: str | None = None
    media_id: int | None = None


@dataclass(frozen=True, slots=True)
class PostDraft:
    """A post to publish."""

    title: str
    content: str = ""
    tags: Sequence[str] = ()
    media: Sequence[MediaDraft] = ()


@dataclass(frozen=True, slots=True)
class PostChange:
    """What to replace in a post: None leaves a part as it is, an empty one clears it."""

    title: str | None = None
    content: str | None = None
    tags: Sequence[str] | None = None
    media: Sequence[MediaDraft] | None = None


@dataclass(frozen=True, slots=True)
class PostFilter:
    """Which posts to list: those that satisfy everything given. Times are aware."""

    author_id: int | None = None
    tags: Sequence[str] = ()
    created_after: datetime | None = None
    created_before: datetime | None = None
