"""The client of post-service, against one in this process."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from google.protobuf import empty_pb2
from google.protobuf.field_mask_pb2 import FieldMask
from pinstack_proto.post.v1 import post_pb2
from service_kit.errors import (
    FailedPrecondition,
    FieldViolation,
    InvalidArgument,
    PermissionDenied,
)
from service_kit.timestamps import timestamp_from_pb, timestamp_to_pb

from api_gateway.adapters.grpc.posts import GrpcPosts
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
from tests.fakes.upstream import Upstream, upstream

SERVICE = post_pb2.DESCRIPTOR.services_by_name["PostService"]
MADE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CHANGED = datetime(2026, 1, 2, 4, 4, 5, tzinfo=UTC)


def post_pb(number: int) -> post_pb2.Post:
    return post_pb2.Post(
        id=number,
        author_id=1,
        title="Harbour",
        content="at dawn",
        tags=["sea"],
        tag_refs=[post_pb2.Tag(id=5, name="sea")],
        media=[
            post_pb2.Media(
                id=8, url="https://img.example/1.png", type="image", position=1, description=""
            ),
            post_pb2.Media(id=9, url="https://img.example/2.mp4", type="video", position=2),
        ],
        created_at=timestamp_to_pb(MADE),
        updated_at=timestamp_to_pb(CHANGED),
    )


def post(number: int) -> Post:
    return Post(
        id=number,
        author_id=1,
        title="Harbour",
        content="at dawn",
        tags=[Tag(5, "sea")],
        media=[
            Media(8, "https://img.example/1.png", "image", 1, ""),
            Media(9, "https://img.example/2.mp4", "video", 2),
        ],
        created_at=MADE,
        updated_at=CHANGED,
    )


@pytest.fixture
async def service() -> AsyncIterator[Upstream]:
    async with upstream(SERVICE) as there:
        yield there


async def test_a_new_post_is_told_whole(service: Upstream) -> None:
    service.answers["CreatePost"] = post_pb(7)
    draft = PostDraft(
        "Harbour",
        "at dawn",
        ["sea"],
        [MediaDraft("https://a.example", "image"), MediaDraft("https://b.example", "video", 3, "")],
    )
    assert await GrpcPosts(service.channel).create(1, draft, idempotency_key="k") == post(7)
    assert service.asked("CreatePost") == post_pb2.CreatePostRequest(
        author_id=1,
        title="Harbour",
        content="at dawn",
        tags=["sea"],
        media=[
            post_pb2.MediaInput(url="https://a.example", type="image"),
            post_pb2.MediaInput(url="https://b.example", type="video", position=3, description=""),
        ],
        idempotency_key="k",
    )


async def test_posts_read_at_once_are_one_request(service: Upstream) -> None:
    service.answers["BatchGetPosts"] = post_pb2.BatchGetPostsResponse(
        posts=[post_pb(8), post_pb(7)]
    )
    posts = GrpcPosts(service.channel)
    found = await asyncio.gather(posts.get(7), posts.get(8))
    assert tuple(found) == (post(7), post(8))
    assert service.asked("BatchGetPosts") == post_pb2.BatchGetPostsRequest(ids=[7, 8])


async def test_a_post_that_is_not_among_the_answers_is_not_found(service: Upstream) -> None:
    service.answers["BatchGetPosts"] = post_pb2.BatchGetPostsResponse(posts=[post_pb(7)])
    posts = GrpcPosts(service.channel)
    found, missing = await asyncio.gather(posts.get(7), posts.get(8), return_exceptions=True)
    assert found == post(7)
    assert isinstance(missing, PostNotFound)


async def test_a_page_is_asked_for_with_every_filter(service: Upstream) -> None:
    service.answers["ListPosts"] = post_pb2.ListPostsResponse(
        posts=[post_pb(8), post_pb(7)], total=20_000, total_is_estimate=True, next_cursor="on"
    )
    wanted = PostFilter(1, ["sea", "dawn"], MADE, CHANGED)
    page = await GrpcPosts(service.channel).page(wanted, offset=5, limit=2, cursor="here")
    assert page.items == (post(8), post(7))
    assert (page.total, page.total_is_estimate, page.next_cursor) == (20_000, True, "on")
    assert service.asked("ListPosts") == post_pb2.ListPostsRequest(
        author_id=1,
        tag_names=["sea", "dawn"],
        created_after=timestamp_to_pb(MADE),
        created_before=timestamp_to_pb(CHANGED),
        offset=5,
        limit=2,
        cursor="here",
    )


async def test_a_page_of_everything_has_no_filter(service: Upstream) -> None:
    service.answers["ListPosts"] = post_pb2.ListPostsResponse()
    page = await GrpcPosts(service.channel).page(PostFilter(), offset=0, limit=20, cursor="")
    assert (page.items, page.total, page.next_cursor) == ((), 0, "")
    assert service.asked("ListPosts") == post_pb2.ListPostsRequest(limit=20)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(
            PostChange(), post_pb2.UpdatePostRequest(update_mask=FieldMask()), id="nothing"
        ),
        pytest.param(
            PostChange(title="New"),
            post_pb2.UpdatePostRequest(title="New", update_mask=FieldMask(paths=["title"])),
            id="the title",
        ),
        pytest.param(
            PostChange(content="", tags=[], media=[]),
            post_pb2.UpdatePostRequest(
                content="", update_mask=FieldMask(paths=["content", "tags", "media"])
            ),
            id="clearing",
        ),
        pytest.param(
            PostChange(tags=["sea"], media=[MediaDraft("https://a.example", "image", 2)]),
            post_pb2.UpdatePostRequest(
                tags=["sea"],
                media=[post_pb2.MediaInput(url="https://a.example", type="image", position=2)],
                update_mask=FieldMask(paths=["tags", "media"]),
            ),
            id="the lists",
        ),
    ],
)
async def test_a_change_names_what_it_replaces(
    service: Upstream, change: PostChange, told: post_pb2.UpdatePostRequest
) -> None:
    service.answers["UpdatePost"] = post_pb(7)
    assert await GrpcPosts(service.channel).update(7, 1, change) == post(7)
    told.id, told.user_id = 7, 1
    assert service.asked("UpdatePost") == told


async def test_violations_survive_the_hop(service: Upstream) -> None:
    violation = FieldViolation("title", "must not be blank")
    service.answers["UpdatePost"] = InvalidArgument(violations=[violation])
    with pytest.raises(InvalidArgument) as refusal:
        await GrpcPosts(service.channel).update(7, 1, PostChange(title=" "))
    assert refusal.value.violations == (violation,)


async def test_deleting_names_who_asks(service: Upstream) -> None:
    service.answers["DeletePost"] = PermissionDenied()
    with pytest.raises(PermissionDenied):
        await GrpcPosts(service.channel).delete(7, 2)
    assert service.asked("DeletePost") == post_pb2.DeletePostRequest(user_id=2, id=7)


async def test_a_change_names_the_version_that_it_is_based_on(service: Upstream) -> None:
    service.answers["UpdatePost"] = FailedPrecondition(code="PRECONDITION_FAILED")
    service.answers["DeletePost"] = empty_pb2.Empty()
    posts, at = GrpcPosts(service.channel), post(7).updated_at
    with pytest.raises(FailedPrecondition) as refusal:
        await posts.update(7, 1, PostChange(title="x"), at)
    assert refusal.value.code == "PRECONDITION_FAILED"
    await posts.delete(7, 1, at)
    for method in ("UpdatePost", "DeletePost"):
        asked = service.asked(method)
        assert timestamp_from_pb(asked.expected_updated_at) == at  # type: ignore[attr-defined] # of both
