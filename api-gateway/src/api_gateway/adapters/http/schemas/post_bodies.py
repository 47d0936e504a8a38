"""Posts: what comes in."""

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
from api_gateway.adapters.http.schemas.fields import Body, QueryModel, nullable
from api_gateway.adapters.http.schemas.filters import Moment, Offset, OptionalId, Unset
from api_gateway.domain.page import DEFAULT_LIMIT
from api_gateway.domain.post import (
    MediaDraft,
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
    # There may be hundreds of thousands: what is wrong with the first one will do.
    Field(description="At most 20 different ones; duplicates are one.", fail_fast=True),
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


BODY_EXAMPLE: Final[Mapping[str, object]] = {
    "title": "Harbour at dawn",
    "content": "Nobody up but the gulls.",
    "tags": ["sea"],
    "media_items": [{"url": "https://cdn.example.org/dawn.jpg", "type": "image"}],
}
