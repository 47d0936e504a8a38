"""What happened to a post, as others may know it."""

from dataclasses import dataclass
from datetime import datetime

from post_service.domain.media import State
from post_service.domain.models import Post


@dataclass(frozen=True, slots=True)
class PostCreated:
    """A post was published. Nobody is told more of it than this."""

    post_id: int
    author_id: int
    title: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PostUpdated:
    """A post changed: `post` is it afterwards."""

    post: Post


@dataclass(frozen=True, slots=True)
class PostDeleted:
    """A post is gone."""

    post_id: int
    author_id: int


@dataclass(frozen=True, slots=True)
class MediaUploaded:
    """A file has arrived whole and waits to be processed."""

    media_id: int
    owner_id: int


@dataclass(frozen=True, slots=True)
class MediaProcessed:
    """A file is ready to be shown, or nothing can be made of it."""

    media_id: int
    owner_id: int
    state: State


PostEvent = PostCreated | PostUpdated | PostDeleted
MediaEvent = MediaUploaded | MediaProcessed
Event = PostEvent | MediaEvent
