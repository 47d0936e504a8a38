"""A post with its tags and media, and the rules of publishing one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain

from post_service.domain import rules
from post_service.domain.errors import FieldViolation, InvalidArgument, InvalidFilter, InvalidPost
from post_service.domain.media import MediaNotFound, main_key


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag: exact text, so that `Go` and `go` are two."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Media:
    """An image or a video of a post, at a position from 1 to 9.

    The `url` of an upload is `/` and its key.
    """

    id: int
    url: str
    type: str
    position: int
    description: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Post:
    """A post; its tags in the order given, its media by position; no content is an empty text."""

    id: int
    author_id: int
    title: str
    content: str
    tags: tuple[Tag, ...]
    media: tuple[Media, ...]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """What decides whether a post may be changed: whose it is, and which version of it."""

    author_id: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class MediaDraft:
    """Media to attach; position 0 takes its place in the list, an empty description is none.

    `media_id`, or else the `stem` of an address of our own, names an upload of the author's.
    """

    url: str
    type: str
    position: int = 0
    description: str | None = None
    media_id: int = 0
    stem: str = ""


@dataclass(frozen=True, slots=True)
class NewPost:
    """A post to be: each tag once, each of the media at its position. Raises `InvalidPost`."""

    author_id: int
    title: str
    content: str = ""
    tags: tuple[str, ...] = ()
    media: tuple[MediaDraft, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "tags", distinct(self.tags))
        object.__setattr__(self, "media", placed(self.media))
        _refuse(
            InvalidPost,
            rules.id_violations("author_id", self.author_id),
            rules.title_violations(self.title),
            rules.content_violations(self.content),
            rules.tag_violations("tags", self.tags),
            rules.media_violations(self.media),
        )


@dataclass(frozen=True, slots=True)
class PostChange:
    """What is to be replaced; None stays as it is, an empty one clears. Raises `InvalidPost`."""

    title: str | None = None
    content: str | None = None
    tags: tuple[str, ...] | None = None
    media: tuple[MediaDraft, ...] | None = None

    def __post_init__(self) -> None:
        if self.tags is not None:
            object.__setattr__(self, "tags", distinct(self.tags))
        if self.media is not None:
            object.__setattr__(self, "media", placed(self.media))
        _refuse(
            InvalidPost,
            () if self.title is None else rules.title_violations(self.title),
            rules.content_violations(self.content or ""),
            rules.tag_violations("tags", self.tags or ()),
            rules.media_violations(self.media or ()),
        )

    def is_empty(self) -> bool:
        """Whether everything stays as it is."""
        return (self.title, self.content, self.tags, self.media) == (None, None, None, None)


@dataclass(frozen=True, slots=True)
class PostFilter:
    """Which posts to list: those that satisfy all that is given and have every one of the tags.

    Both moments are part of the period. Raises `InvalidFilter`.
    """

    author_id: int | None = None
    tags: tuple[str, ...] = ()
    created_after: datetime | None = None
    created_before: datetime | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "tags", distinct(self.tags))
        _refuse(
            InvalidFilter,
            () if self.author_id is None else rules.id_violations("author_id", self.author_id),
            rules.tag_violations("tag", self.tags),
            rules.period_violations(self.created_after, self.created_before),
        )


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a list of posts: that of one post, after which the rest follows."""

    created_at: datetime
    id: int


@dataclass(frozen=True, slots=True)
class PostPage:
    """A part of a list of posts, whether the list goes on, and how long it is in all."""

    posts: tuple[Post, ...]
    has_more: bool
    total: int
    total_is_estimate: bool = False


def distinct(tags: Sequence[str]) -> tuple[str, ...]:
    """Each tag once, in the order of first mention."""
    return tuple(dict.fromkeys(tags))


def placed(media: Sequence[MediaDraft]) -> tuple[MediaDraft, ...]:
    """The media as they are listed, each with a position: its own, else its place in the list."""
    return tuple(
        replace(item, position=item.position or place) for place, item in enumerate(media, start=1)
    )


def resolved(
    media: Sequence[MediaDraft], uploads: Iterable[tuple[int, str, str]]
) -> list[MediaDraft]:
    """The media with id, address (from / on) and type of the uploads that they name.

    `uploads` are (id, stem, media type). An address that no upload has stays as it is; raises
    `MediaNotFound` for an id that none has.
    """
    known: dict[int | str, tuple[int, str, str]] = {}
    for upload in uploads:
        known[upload[0]] = known[upload[1]] = upload
    if any(item.media_id and item.media_id not in known for item in media):
        raise MediaNotFound
    return [_resolved(item, known.get(item.media_id or item.stem)) for item in media]


def _resolved(item: MediaDraft, upload: tuple[int, str, str] | None) -> MediaDraft:
    if upload is None:
        return item
    upload_id, stem, content_type = upload
    url = f"/{main_key(stem, content_type)}"
    return replace(item, url=url, type=content_type.partition("/")[0], media_id=upload_id)


def check_key(idempotency_key: str | None) -> None:
    """Raises `InvalidPost` for what is no idempotency key."""
    _refuse(InvalidPost, rules.key_violations(idempotency_key))


def _refuse(error: type[InvalidArgument], *found: Iterable[FieldViolation]) -> None:
    violations = tuple(chain.from_iterable(found))
    if violations:
        raise error(violations=violations)
