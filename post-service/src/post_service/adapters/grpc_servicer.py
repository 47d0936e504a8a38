"""post.v1.PostService over the use cases: unpack, call, map."""

from datetime import datetime
from typing import Final

from google.protobuf.empty_pb2 import Empty
from google.protobuf.timestamp_pb2 import Timestamp
from pinstack_proto.post.v1 import post_pb2, post_pb2_grpc
from service_kit import pages
from service_kit.changes import ChangeLog
from service_kit.grpc_server import Context
from service_kit.timestamps import timestamp_from_pb, write_timestamp

from post_service.application.use_cases import Publications
from post_service.domain.errors import FieldViolation, InvalidFilter, InvalidPost
from post_service.domain.models import (
    Media,
    MediaDraft,
    NewPost,
    Place,
    Post,
    PostChange,
    PostFilter,
    PostPage,
)

_PARTS: Final = ("title", "content", "tags", "media")
_YEARS: Final = "must be of the years 1 to 9999"


class PostServicer(post_pb2_grpc.PostServiceServicer):
    """Posts, for whoever calls by gRPC. `media_url` is what stands before the keys of uploads."""

    def __init__(self, publications: Publications, media_url: str, changes: ChangeLog) -> None:
        self._publications = publications
        self._media_url = media_url
        self._changes = changes

    async def CreatePost(
        self, request: post_pb2.CreatePostRequest, context: Context
    ) -> post_pb2.Post:
        created = await self._publications.create(
            new_post_from_pb(request), request.idempotency_key or None
        )
        return post_to_pb(created, self._media_url)

    async def GetPost(self, request: post_pb2.GetPostRequest, context: Context) -> post_pb2.Post:
        return post_to_pb(await self._publications.get(request.id), self._media_url)

    async def ListPosts(
        self, request: post_pb2.ListPostsRequest, context: Context
    ) -> post_pb2.ListPostsResponse:
        page = await self._publications.page(
            filter_from_pb(request),
            after=place_from_cursor(request.cursor) if request.cursor else None,
            offset=0 if request.cursor else pages.checked_offset(request.offset),
            limit=pages.checked_limit(request.limit),
        )
        return page_to_pb(page, self._media_url)

    async def UpdatePost(
        self, request: post_pb2.UpdatePostRequest, context: Context
    ) -> post_pb2.Post:
        change = change_from_pb(request)
        updated = await self._publications.update(
            request.id, change, request.user_id, expected_by(request)
        )
        return post_to_pb(updated, self._media_url)

    async def DeletePost(self, request: post_pb2.DeletePostRequest, context: Context) -> Empty:
        await self._publications.delete(request.id, request.user_id, expected_by(request))
        return Empty()

    async def BatchGetPosts(
        self, request: post_pb2.BatchGetPostsRequest, context: Context
    ) -> post_pb2.BatchGetPostsResponse:
        message = post_pb2.BatchGetPostsResponse()
        for post in await self._publications.get_many(request.ids):
            write_post(message.posts.add(), post, self._media_url)
        return message

    async def ListPostChanges(
        self, request: post_pb2.ListPostChangesRequest, context: Context
    ) -> post_pb2.ListPostChangesResponse:
        found = await self._changes.since(request.cursor)
        return post_pb2.ListPostChangesResponse(
            author_ids=found.keys, cursor=found.cursor, is_reset=found.is_reset
        )


def new_post_from_pb(request: post_pb2.CreatePostRequest) -> NewPost:
    """A post to be, from a request. Raises `InvalidPost`."""
    return NewPost(
        author_id=request.author_id,
        title=request.title,
        content=request.content,
        tags=tuple(request.tags),
        media=tuple(map(draft_from_pb, request.media)),
    )


def draft_from_pb(media: post_pb2.MediaInput) -> MediaDraft:
    """Media to attach, from a request."""
    return MediaDraft(
        media.url, media.type, media.position, media.description or None, media.media_id
    )


def change_from_pb(request: post_pb2.UpdatePostRequest) -> PostChange:
    """What a request replaces. Raises `InvalidPost`."""
    parts = replaced_parts(request)
    return PostChange(
        title=request.title if "title" in parts else None,
        content=request.content if "content" in parts else None,
        tags=tuple(request.tags) if "tags" in parts else None,
        media=tuple(map(draft_from_pb, request.media)) if "media" in parts else None,
    )


def replaced_parts(request: post_pb2.UpdatePostRequest) -> set[str]:
    """What the mask lists; without one what is present and the lists that are not empty.

    An empty mask is none (AIP-134). Raises `InvalidPost` where a mask lists what is no part.
    """
    listed = set(request.update_mask.paths)
    if listed - set(_PARTS):
        issue = f"must be of {', '.join(_PARTS)}"
        raise InvalidPost(violations=[FieldViolation("update_mask", issue)])
    return listed or {field.name for field, _ in request.ListFields()} & set(_PARTS)


def expected_by(
    request: post_pb2.UpdatePostRequest | post_pb2.DeletePostRequest,
) -> datetime | None:
    """The version that a change is based on; None for any. Raises `InvalidPost`."""
    if not request.HasField("expected_updated_at"):
        return None
    try:
        return timestamp_from_pb(request.expected_updated_at)
    except ValueError as error:
        violation = FieldViolation("expected_updated_at", _YEARS)
        raise InvalidPost(violations=[violation]) from error


def filter_from_pb(request: post_pb2.ListPostsRequest) -> PostFilter:
    """The filters of a list. Raises `InvalidFilter`."""
    has_after, has_before = request.HasField("created_after"), request.HasField("created_before")
    return PostFilter(
        author_id=request.author_id or None,
        tags=tuple(request.tag_names),
        created_after=moment("created_after", request.created_after) if has_after else None,
        created_before=moment("created_before", request.created_before) if has_before else None,
    )


def moment(field: str, stamp: Timestamp) -> datetime:
    """A moment from a request. Raises `InvalidFilter` out of the range of a Timestamp."""
    try:
        return timestamp_from_pb(stamp)
    except ValueError as error:
        raise InvalidFilter(violations=[FieldViolation(field, _YEARS)]) from error


def place_from_cursor(cursor: str) -> Place:
    """The place that a cursor holds. Raises `pages.InvalidCursor`."""
    created_at, post_id = pages.decode_cursor(cursor, 2)
    return Place(pages.moment(created_at), post_id)


def post_to_pb(post: Post, media_url: str) -> post_pb2.Post:
    """A post as the contract has it."""
    message = post_pb2.Post()
    write_post(message, post, media_url)
    return message


def write_post(message: post_pb2.Post, post: Post, media_url: str) -> None:
    """A post into a message that is empty and in its place: adding one to a list copies it."""
    message.id = post.id
    message.author_id = post.author_id
    message.title = post.title
    message.content = post.content
    for tag in post.tags:
        message.tags.append(tag.name)
        message.tag_refs.add(id=tag.id, name=tag.name)
    for media in post.media:
        write_media(message.media.add(), media, media_url)
    write_timestamp(message.created_at, post.created_at)
    write_timestamp(message.updated_at, post.updated_at)


def write_media(message: post_pb2.Media, media: Media, media_url: str) -> None:
    """Media of a post, in the same way; an upload's address is whole."""
    message.id = media.id
    message.url = f"{media_url}{media.url}" if media.url.startswith("/") else media.url
    message.type = media.type
    message.position = media.position
    if media.description is not None:
        message.description = media.description
    write_timestamp(message.created_at, media.created_at)


def page_to_pb(page: PostPage, media_url: str) -> post_pb2.ListPostsResponse:
    """A page of posts; one that is not the last has a cursor to the next."""
    cursor = ""
    if page.has_more:
        last = page.posts[-1]
        cursor = pages.encode_cursor(pages.microseconds(last.created_at), last.id)
    message = post_pb2.ListPostsResponse(
        total=page.total, next_cursor=cursor, total_is_estimate=page.total_is_estimate
    )
    for post in page.posts:
        write_post(message.posts.add(), post, media_url)
    return message
