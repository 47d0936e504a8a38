"""Posts, over gRPC from post-service."""

from collections.abc import Sequence
from datetime import datetime

import grpc
from google.protobuf.field_mask_pb2 import FieldMask
from pinstack_proto.post.v1 import post_pb2
from pinstack_proto.post.v1.post_pb2_grpc import PostServiceStub
from service_kit.batching import Loader
from service_kit.timestamps import (
    optional_timestamp_to_pb,
    timestamp_from_pb,
    timestamp_to_pb,
)

from api_gateway.domain.page import Page
from api_gateway.domain.post import (
    Media,
    MediaDraft,
    Post,
    PostChange,
    PostDraft,
    PostFilter,
    PostNotFound,
    Tag,
)


class GrpcPosts:
    """Posts of post-service; the reads of one tick of the event loop are one call."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = PostServiceStub(channel)
        self._loader = Loader(self._batch)

    async def create(self, author_id: int, draft: PostDraft, *, idempotency_key: str) -> Post:
        request = post_pb2.CreatePostRequest(
            author_id=author_id,
            title=draft.title,
            content=draft.content,
            tags=draft.tags,
            media=map(media_to_pb, draft.media),
            idempotency_key=idempotency_key,
        )
        return post_from_pb(await self._stub.CreatePost(request))

    async def get(self, post_id: int) -> Post:
        post = await self._loader.load(post_id)
        if post is None:
            raise PostNotFound
        return post

    async def page(self, wanted: PostFilter, *, offset: int, limit: int, cursor: str) -> Page[Post]:
        request = filter_to_pb(wanted)
        request.offset, request.limit, request.cursor = offset, limit, cursor
        return post_page_from_pb(await self._stub.ListPosts(request))

    async def update(
        self, post_id: int, user_id: int, change: PostChange, expected: datetime | None = None
    ) -> Post:
        request = change_to_pb(change)
        request.id, request.user_id = post_id, user_id
        if expected is not None:
            request.expected_updated_at.CopyFrom(timestamp_to_pb(expected))
        return post_from_pb(await self._stub.UpdatePost(request))

    async def delete(self, post_id: int, user_id: int, expected: datetime | None = None) -> None:
        request = post_pb2.DeletePostRequest(
            id=post_id, user_id=user_id, expected_updated_at=optional_timestamp_to_pb(expected)
        )
        await self._stub.DeletePost(request)

    async def _batch(self, ids: Sequence[int]) -> dict[int, Post]:
        answer = await self._stub.BatchGetPosts(post_pb2.BatchGetPostsRequest(ids=ids))
        return {post.id: post_from_pb(post) for post in answer.posts}


def post_from_pb(message: post_pb2.Post) -> Post:
    """A post as post-service tells it."""
    return Post(
        id=message.id,
        author_id=message.author_id,
        title=message.title,
        content=message.content,
        tags=[Tag(tag.id, tag.name) for tag in message.tag_refs],
        media=[media_from_pb(media) for media in message.media],
        created_at=timestamp_from_pb(message.created_at),
        updated_at=timestamp_from_pb(message.updated_at),
    )


def media_from_pb(message: post_pb2.Media) -> Media:
    """Media of a post; a description that is absent is None."""
    return Media(
        id=message.id,
        url=message.url,
        type=message.type,
        position=message.position,
        description=message.description if message.HasField("description") else None,
    )


def post_page_from_pb(message: post_pb2.ListPostsResponse) -> Page[Post]:
    """A page of posts."""
    return Page(
        items=tuple(post_from_pb(post) for post in message.posts),
        total=message.total,
        total_is_estimate=message.total_is_estimate,
        next_cursor=message.next_cursor,
    )


def media_to_pb(draft: MediaDraft) -> post_pb2.MediaInput:
    """Media to attach; position 0 takes its place in the list."""
    return post_pb2.MediaInput(
        url=draft.url,
        type=draft.type,
        position=draft.position or 0,
        description=draft.description,
        media_id=draft.media_id or 0,
    )


def filter_to_pb(wanted: PostFilter) -> post_pb2.ListPostsRequest:
    """The filters of a list; its window is for the caller to add."""
    return post_pb2.ListPostsRequest(
        author_id=wanted.author_id or 0,
        tag_names=wanted.tags,
        created_after=optional_timestamp_to_pb(wanted.created_after),
        created_before=optional_timestamp_to_pb(wanted.created_before),
    )


def change_to_pb(change: PostChange) -> post_pb2.UpdatePostRequest:
    """What to replace; the mask lists it, as a list that is empty would else count as absent."""
    parts = {
        "title": change.title,
        "content": change.content,
        "tags": change.tags,
        "media": change.media,
    }
    return post_pb2.UpdatePostRequest(
        title=change.title,
        content=change.content,
        tags=change.tags or (),
        media=map(media_to_pb, change.media or ()),
        update_mask=FieldMask(paths=[name for name, value in parts.items() if value is not None]),
    )
