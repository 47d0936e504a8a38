"""What happened to a post, as others may know it."""

from dataclasses import dataclass

from post_service.domain.models import Post


@dataclass(frozen=True, slots=True)
class PostCreated:
    """A post was published."""

    post: Post


@dataclass(frozen=True, slots=True)
class PostUpdated:
    """A post changed: `post` is it afterwards."""

    post: Post


@dataclass(frozen=True, slots=True)
class PostDeleted:
    """A post is gone."""

    post_id: int
    author_id: int


Event = PostCreated | PostUpdated | PostDeleted
