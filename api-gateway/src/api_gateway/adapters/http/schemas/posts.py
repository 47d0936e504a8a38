"""Posts: what is seen of them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from api_gateway.adapters.http.schemas.fields import Data
from api_gateway.domain.post import Author, AuthoredPost, Media, Post


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
