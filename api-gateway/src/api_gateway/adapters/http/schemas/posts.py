"""Posts: what comes in, and what is seen of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final
from unicodedata import category

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from api_gateway.adapters.http.schemas import fields
from api_gateway.adapters.http.schemas.fields import Body, Data, QueryModel, nullable
from api_gateway.adapters.http.schemas.filters import Moment, Offset, OptionalId, Unset
from api_gateway.domain.page import DEFAULT_LIMIT
from api_gateway.domain.post import (
    Author,
    AuthoredPost,
    Media,
    MediaDraft,
    Post,
    PostChange,
    PostDraft,
    PostFilter,
)

_MAX_TAGS: Final = 20
_MAX_MEDIA: Final = 9
_CONTROL: Final = r"\x00-\x1f\x7f-\x9f"


def _title(value: str) -> str:
    if value.isspace():
        raise PydanticCustomError("title", "must not be only white space")
    if any(category(letter) == "Cc" for letter in value):
        raise PydanticCustomError("title", "must not contain control characters")
    return value


def _distinct(tags: list[str]) -> list[str]:
    """Each tag once; only then they are counted."""
    distinct = list(dict.fromkeys(tags))
    if len(distinct) > _MAX_TAGS:
        raise PydanticCustomError("tags", "must be at most 20")
    return distinct


def _named(tags: object) -> object:
    """The tags of a query without the empty ones, which name none."""
    return [tag for tag in tags if tag] if isinstance(tags, list) else tags


Title = Annotated[
    str,
    Field(
        min_length=1,
        max_length=255,
        json_schema_extra={"pattern": rf"^[^{_CONTROL}]*[^\s{_CONTROL}][^{_CONTROL}]*$"},
    ),
    AfterValidator(_title),
]
Content = Annotated[str, Field(max_length=100_000)]
Tag = Annotated[str, Field(min_length=1, max_length=64)]
Tags = Annotated[
    list[Tag],
    Field(description="At most 20 different ones; duplicates are one."),
    AfterValidator(_distinct),
]


def _either(schema: dict[str, Any]) -> None:
    nullable(schema)
    names = schema["properties"]
    schema["anyOf"] = [
        {
            "required": [name for name in some],
            "properties": {name: _not_null(names[name]) for name in some},
        }
        for some in (("media_id",), ("url", "type"))
    ]


def _not_null(schema: dict[str, Any]) -> dict[str, Any]:
    return next(kind for kind in schema["anyOf"] if kind != {"type": "null"})


class MediaBody(Body):
    """An image or a video to attach; without a position it takes its place in the list.

    Either an upload of one's own or an address with its type.
    """

    model_config = ConfigDict(json_schema_extra=_either)

    media_id: fields.Id | None = None
    url: Annotated[fields.MediaUrl | None, Field(validate_default=True)] = None
    type: Annotated[
        Annotated[
            str, Field(pattern="^(image|video)$", json_schema_extra={"enum": ["image", "video"]})
        ]
        | None,
        Field(validate_default=True),
    ] = None
    position: Annotated[int, Field(ge=1, le=9)] | None = None
    description: Annotated[str, Field(max_length=500)] | None = None

    @field_validator("url", "type")
    @classmethod
    def _named(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None and info.data.get("media_id", 0) is None:
            raise PydanticCustomError("missing", "is required")
        return value

    def draft(self) -> MediaDraft:
        """The same for the use cases."""
        return MediaDraft(
            self.url or "", self.type or "", self.position, self.description, self.media_id
        )


MediaItems = Annotated[list[MediaBody], Field(max_length=_MAX_MEDIA)]


class NewPostBody(Body):
    """A post to publish."""

    title: Title
    content: Content = ""
    tags: Tags = Field(default_factory=list)
    media_items: MediaItems = Field(default_factory=list)

    def draft(self) -> PostDraft:
        """The same for the use cases."""
        media = [item.draft() for item in self.media_items]
        return PostDraft(self.title, self.content, self.tags, media)


class PostChangeBody(Body):
    """What to replace; an absent part stays as it is, an empty one is cleared."""

    title: Title | None = None
    content: Content | None = None
    tags: Tags | None = None
    media_items: MediaItems | None = None

    def change(self) -> PostChange:
        """The same for the use cases."""
        items = self.media_items
        media = None if items is None else [item.draft() for item in items]
        return PostChange(self.title, self.content, self.tags, media)


class PostsQuery(QueryModel):
    """Which posts, and which part of them: after a cursor, after an offset, or a page by number."""

    author_id: OptionalId = None
    tag: Annotated[
        Tags, BeforeValidator(_named), Field(description="Repeat it for posts that bear several.")
    ] = Field(default_factory=list)
    created_after: Moment = None
    created_before: Moment = None
    cursor: fields.SealedCursor = ""
    offset: Offset | Unset = None
    page: fields.StrictPage = 1
    limit: fields.StrictLimit = DEFAULT_LIMIT

    @field_validator("created_before")
    @classmethod
    def _in_order(cls, before: datetime | None, info: ValidationInfo) -> datetime | None:
        after = info.data.get("created_after")
        if after is not None and before is not None and after > before:
            raise PydanticCustomError("period", "must not be before created_after")
        return before

    def filter(self) -> PostFilter:
        """Which posts."""
        return PostFilter(self.author_id, self.tag, self.created_after, self.created_before)

    def rows_before(self) -> int:
        """How many posts come before the part; an offset goes before a page."""
        return (self.page - 1) * self.limit if self.offset is None else self.offset


class AuthorData(Data):
    """Who wrote a post; id 0 and `deleted` where the account is gone."""

    id: int
    username: str
    full_name: str | None = None
    avatar_url: str | None = None


class MediaData(Data):
    """An image or a video of a post."""

    id: int
    url: str
    type: str
    position: int
    description: str | None = None


class TagData(Data):
    """A tag of a post."""

    id: int
    name: str


class _PostParts(Data):
    """What both forms of a post have."""

    id: int
    title: str
    content: str | None = None
    media: list[MediaData]
    tags: list[TagData]
    created_at: datetime
    updated_at: datetime


class PostData(_PostParts):
    """A post with its author."""

    author: AuthorData


class FlatPostData(_PostParts):
    """A post that was just published: its author in fields of the post's own (compat)."""

    author_id: int
    author_username: str
    author_full_name: str | None = None
    author_avatar_url: str | None = None


class PostsData(Data):
    """A page of posts, newest first."""

    posts: list[PostData]
    total: int
    total_is_estimate: bool | None = None
    next_cursor: str | None = None


_PARTS: Final[Mapping[str, object]] = {
    "id": 42,
    "title": "Harbour at dawn",
    "content": "Nobody up but the gulls.",
    "media": [{"id": 9, "url": "https://cdn.example.org/dawn.jpg", "type": "image", "position": 1}],
    "tags": [{"id": 3, "name": "sea"}],
    "created_at": "2026-01-02T03:04:05Z",
    "updated_at": "2026-01-02T03:04:05Z",
}
EXAMPLE: Final[Mapping[str, object]] = {
    **_PARTS,
    "author": {"id": 7, "username": "ada", "full_name": "Ada Lovelace"},
}
FLAT_EXAMPLE: Final[Mapping[str, object]] = {
    **_PARTS,
    "author_id": 7,
    "author_username": "ada",
    "author_full_name": "Ada Lovelace",
}
BODY_EXAMPLE: Final[Mapping[str, object]] = {
    "title": "Harbour at dawn",
    "content": "Nobody up but the gulls.",
    "tags": ["sea"],
    "media_items": [{"url": "https://cdn.example.org/dawn.jpg", "type": "image"}],
}


def post_content(found: AuthoredPost) -> dict[str, Any]:
    """A post with its author as a client sees it."""
    return {**_parts(found.post), "author": _author(found.author)}


def flat_post_content(found: AuthoredPost) -> dict[str, Any]:
    """A post with its author in fields of its own."""
    author = {f"author_{name}": value for name, value in _author(found.author).items()}
    return {**_parts(found.post), **author}


def _parts(post: Post) -> dict[str, Any]:
    content: dict[str, Any] = {"id": post.id, "title": post.title}
    if post.content:
        content["content"] = post.content
    content["media"] = [_media(item) for item in post.media]
    content["tags"] = [{"id": tag.id, "name": tag.name} for tag in post.tags]
    content["created_at"] = post.created_at
    content["updated_at"] = post.updated_at
    return content


def _media(media: Media) -> dict[str, Any]:
    content = {
        "id": media.id,
        "url": media.url,
        "type": media.type,
        "position": media.position,
    }
    if media.description is not None:
        content["description"] = media.description
    return content


def _author(author: Author) -> dict[str, Any]:
    content: dict[str, Any] = {"id": author.id, "username": author.username}
    if author.full_name is not None:
        content["full_name"] = author.full_name
    if author.avatar_url is not None:
        content["avatar_url"] = author.avatar_url
    return content
