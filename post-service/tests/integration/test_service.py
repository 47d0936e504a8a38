"""The running service: every RPC with its success and its errors."""

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp
from pinstack_proto.post.v1 import post_pb2
from pinstack_proto.post.v1.post_pb2_grpc import PostServiceStub
from service_kit import errors
from service_kit.health import Health
from service_kit.runtime import Running

IMAGE = post_pb2.MediaInput(url="https://example.com/cat.png", type="image")


def create(author_id: int = 1, title: str = "Hello", **parts: object) -> post_pb2.CreatePostRequest:
    return post_pb2.CreatePostRequest(author_id=author_id, title=title, **parts)  # type: ignore[arg-type] # by name


def fields_of(caught: pytest.ExceptionInfo[errors.AppError]) -> list[str]:
    return [violation.field for violation in caught.value.violations]


async def test_a_post_is_created_and_read_back_whole(stub: PostServiceStub) -> None:
    media = [
        post_pb2.MediaInput(url="https://example.com/1", type="video", description="A cat."),
        IMAGE,
    ]
    made = await stub.CreatePost(create(title="T", content="C", tags=["b", "a", "b"], media=media))
    assert (made.author_id, made.title, made.content) == (1, "T", "C")
    assert list(made.tags) == ["b", "a"] == [tag.name for tag in made.tag_refs]
    assert [(item.position, item.type) for item in made.media] == [(1, "video"), (2, "image")]
    assert made.media[0].description == "A cat."
    assert not made.media[1].HasField("description")
    assert made.created_at == made.updated_at
    assert await stub.GetPost(post_pb2.GetPostRequest(id=made.id)) == made


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        (create(title=" "), ["title"]),
        (create(author_id=0), ["author_id"]),
        (create(title="a\0b", content="a\0b", tags=["a\0b"]), ["title", "content", "tags"]),
        (create(tags=["x" * 65]), ["tags"]),
        (
            create(media=[post_pb2.MediaInput(url="ftp://x", type="gif", position=10)]),
            ["media_items.0.url", "media_items.0.type", "media_items.0.position"],
        ),
        (create(idempotency_key="a\0b"), ["idempotency_key"]),
    ],
)
async def test_a_post_that_breaks_rules_is_refused_with_each_of_them(
    stub: PostServiceStub, request_: post_pb2.CreatePostRequest, fields: list[str]
) -> None:
    with pytest.raises(errors.InvalidArgument, match="validation failed") as caught:
        await stub.CreatePost(request_)
    assert fields_of(caught) == fields


async def test_an_idempotency_key_makes_one_post(stub: PostServiceStub) -> None:
    first = await stub.CreatePost(create(idempotency_key="once"))
    assert await stub.CreatePost(create(idempotency_key="once")) == first
    other = await stub.CreatePost(create(author_id=2, idempotency_key="once"))
    assert other.id != first.id


async def test_a_post_that_does_not_exist_is_not_found(stub: PostServiceStub) -> None:
    calls = (
        stub.GetPost(post_pb2.GetPostRequest(id=10**9)),
        stub.UpdatePost(post_pb2.UpdatePostRequest(id=10**9, user_id=1, title="x")),
        stub.DeletePost(post_pb2.DeletePostRequest(id=10**9, user_id=1)),
        stub.GetPost(post_pb2.GetPostRequest(id=-1)),
    )
    for call in calls:
        with pytest.raises(errors.NotFound, match="post not found") as caught:
            await call
        assert caught.value.code == "POST_NOT_FOUND"


async def test_an_update_replaces_what_its_mask_lists(stub: PostServiceStub) -> None:
    made = await stub.CreatePost(create(content="C", tags=["a"], media=[IMAGE]))
    mask = FieldMask(paths=["title", "tags", "media"])
    request = post_pb2.UpdatePostRequest(id=made.id, user_id=1, title="new", update_mask=mask)
    updated = await stub.UpdatePost(request)
    assert (updated.title, updated.content) == ("new", "C")
    assert not updated.tags
    assert not updated.media
    assert await stub.GetPost(post_pb2.GetPostRequest(id=made.id)) == updated


async def test_an_update_without_a_mask_replaces_what_is_present(stub: PostServiceStub) -> None:
    made = await stub.CreatePost(create(content="C", tags=["a"], media=[IMAGE]))
    request = post_pb2.UpdatePostRequest(id=made.id, user_id=1, content="", tags=["b"])
    updated = await stub.UpdatePost(request)
    assert (updated.title, updated.content, list(updated.tags)) == ("Hello", "", ["b"])
    assert list(updated.media) == list(made.media)


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        (post_pb2.UpdatePostRequest(title=""), ["title"]),
        (post_pb2.UpdatePostRequest(update_mask=FieldMask(paths=["title"])), ["title"]),
        (post_pb2.UpdatePostRequest(update_mask=FieldMask(paths=["author_id"])), ["update_mask"]),
        (post_pb2.UpdatePostRequest(content="x" * 100_001), ["content"]),
    ],
)
async def test_an_update_that_breaks_rules_is_refused_before_anybody_asks_whose_post_it_is(
    stub: PostServiceStub, request_: post_pb2.UpdatePostRequest, fields: list[str]
) -> None:
    with pytest.raises(errors.InvalidArgument, match="validation failed") as caught:
        await stub.UpdatePost(request_)
    assert fields_of(caught) == fields


async def test_another_ones_post_is_neither_changed_nor_deleted(stub: PostServiceStub) -> None:
    made = await stub.CreatePost(create(author_id=1))
    for caller in (2, 0):
        with pytest.raises(errors.PermissionDenied, match="forbidden"):
            await stub.UpdatePost(
                post_pb2.UpdatePostRequest(id=made.id, user_id=caller, title="mine")
            )
        with pytest.raises(errors.PermissionDenied, match="forbidden"):
            await stub.DeletePost(post_pb2.DeletePostRequest(id=made.id, user_id=caller))
    assert await stub.GetPost(post_pb2.GetPostRequest(id=made.id)) == made


async def test_a_change_based_on_what_is_no_more_is_refused(stub: PostServiceStub) -> None:
    made = await stub.CreatePost(create())
    base = {"id": made.id, "user_id": 1, "expected_updated_at": made.updated_at}
    update = post_pb2.UpdatePostRequest(title="new", **base)  # type: ignore[arg-type] # by name
    now = (await stub.UpdatePost(update)).updated_at
    delete = post_pb2.DeletePostRequest(**base)  # type: ignore[arg-type] # by name
    for call in (stub.UpdatePost(update), stub.DeletePost(delete)):
        with pytest.raises(errors.FailedPrecondition, match="precondition failed") as caught:
            await call
        assert caught.value.code == "PRECONDITION_FAILED"
    delete.expected_updated_at.CopyFrom(now)
    await stub.DeletePost(delete)


async def test_a_version_that_is_no_moment_is_refused(stub: PostServiceStub) -> None:
    never = Timestamp(seconds=2**60)
    with pytest.raises(errors.InvalidArgument) as caught:
        await stub.DeletePost(
            post_pb2.DeletePostRequest(id=1, user_id=1, expected_updated_at=never)
        )
    assert fields_of(caught) == ["expected_updated_at"]


async def test_a_deleted_post_is_gone_from_every_read(stub: PostServiceStub) -> None:
    made = await stub.CreatePost(create(author_id=60))
    assert await stub.GetPost(post_pb2.GetPostRequest(id=made.id)) == made
    await stub.DeletePost(post_pb2.DeletePostRequest(id=made.id, user_id=60))
    with pytest.raises(errors.NotFound):
        await stub.GetPost(post_pb2.GetPostRequest(id=made.id))
    assert not (await stub.BatchGetPosts(post_pb2.BatchGetPostsRequest(ids=[made.id]))).posts
    assert not (await stub.ListPosts(post_pb2.ListPostsRequest(author_id=60))).posts
    with pytest.raises(errors.NotFound):
        await stub.DeletePost(post_pb2.DeletePostRequest(id=made.id, user_id=60))


async def test_a_batch_gives_the_posts_that_exist(stub: PostServiceStub) -> None:
    made = [await stub.CreatePost(create(tags=["a"], media=[IMAGE])) for _ in range(3)]
    ids = [made[2].id, 10**9, made[0].id, made[2].id]
    for _ in range(2):
        answer = await stub.BatchGetPosts(post_pb2.BatchGetPostsRequest(ids=ids))
        assert sorted(answer.posts, key=lambda post: post.id) == [made[0], made[2]]
    assert not (await stub.BatchGetPosts(post_pb2.BatchGetPostsRequest())).posts
    with pytest.raises(errors.InvalidArgument) as caught:
        await stub.BatchGetPosts(post_pb2.BatchGetPostsRequest(ids=range(1, 102)))
    assert fields_of(caught) == ["ids"]


async def test_a_list_is_read_to_its_end_by_cursor_and_by_offset(stub: PostServiceStub) -> None:
    made = [await stub.CreatePost(create(author_id=70, tags=["list"])) for _ in range(6)]
    newest_first = [post.id for post in reversed(made)]
    for wanted in ({"author_id": 70}, {"tag_names": ["list"]}):
        request = post_pb2.ListPostsRequest(**wanted, limit=3)
        first = await stub.ListPosts(request)
        assert list(first.posts) == made[:2:-1]
        assert (first.total, first.total_is_estimate) == (6, False)
        request.cursor, request.offset = first.next_cursor, 99
        second = await stub.ListPosts(request)
        assert [post.id for post in second.posts] == newest_first[3:]
        assert (second.next_cursor, second.total) == ("", 6)
        request.cursor, request.offset = "", 4
        assert [post.id for post in (await stub.ListPosts(request)).posts] == newest_first[4:]


async def test_a_list_satisfies_every_filter(stub: PostServiceStub) -> None:
    first = await stub.CreatePost(create(author_id=80, tags=["x"]))
    second = await stub.CreatePost(create(author_id=80, tags=["y", "x"]))
    third = await stub.CreatePost(create(author_id=81, tags=["x", "y"]))

    async def ids(**wanted: object) -> list[int]:
        answer = await stub.ListPosts(post_pb2.ListPostsRequest(**wanted))  # type: ignore[arg-type] # by name
        return [post.id for post in answer.posts]

    assert await ids(author_id=80) == [second.id, first.id]
    assert await ids(tag_names=["x"]) == [third.id, second.id, first.id]
    assert await ids(tag_names=["x", "y"]) == [third.id, second.id]
    assert await ids(tag_names=["x", "y"], author_id=80) == [second.id]
    assert await ids(author_id=80, created_after=second.created_at) == [second.id]
    assert await ids(author_id=80, created_before=first.created_at) == [first.id]
    assert await ids(author_id=82) == []


@pytest.mark.parametrize(
    ("request_", "code", "fields"),
    [
        (post_pb2.ListPostsRequest(limit=101), "VALIDATION_FAILED", ["limit"]),
        (post_pb2.ListPostsRequest(limit=-1), "VALIDATION_FAILED", ["limit"]),
        (post_pb2.ListPostsRequest(offset=-1), "VALIDATION_FAILED", ["offset"]),
        (post_pb2.ListPostsRequest(offset=100_001), "VALIDATION_FAILED", ["offset"]),
        (post_pb2.ListPostsRequest(cursor="no cursor"), "INVALID_CURSOR", []),
        (post_pb2.ListPostsRequest(author_id=-1), "VALIDATION_FAILED", ["author_id"]),
        (post_pb2.ListPostsRequest(tag_names=["a\0"]), "VALIDATION_FAILED", ["tag"]),
        (
            post_pb2.ListPostsRequest(
                created_after=Timestamp(seconds=2), created_before=Timestamp(seconds=1)
            ),
            "VALIDATION_FAILED",
            ["created_after"],
        ),
        (
            post_pb2.ListPostsRequest(created_before=Timestamp(seconds=1 << 60)),
            "VALIDATION_FAILED",
            ["created_before"],
        ),
    ],
)
async def test_a_list_that_can_not_be_says_why(
    stub: PostServiceStub, request_: post_pb2.ListPostsRequest, code: str, fields: list[str]
) -> None:
    with pytest.raises(errors.InvalidArgument) as caught:
        await stub.ListPosts(request_)
    assert (caught.value.code, fields_of(caught)) == (code, fields)


async def test_moments_at_the_ends_of_time_are_no_error(stub: PostServiceStub) -> None:
    first, last = Timestamp(), Timestamp()
    first.FromJsonString("0001-01-01T00:00:00Z")
    last.FromJsonString("9999-12-31T23:59:59.999999999Z")
    request = post_pb2.ListPostsRequest(created_after=first, created_before=last, author_id=999)
    assert not (await stub.ListPosts(request)).posts


async def test_a_page_of_the_longest_posts_fits_into_an_answer(stub: PostServiceStub) -> None:
    request = create(author_id=90, content="\N{PARTY POPPER}" * 100_000)
    for _ in range(100):
        await stub.CreatePost(request)
    page = post_pb2.ListPostsRequest(author_id=90, limit=100)
    answer = await stub.ListPosts(page, timeout=20)
    assert len(answer.posts) == 100
    assert {len(post.content) for post in answer.posts} == {100_000}


async def test_the_service_says_what_it_depends_on(service: Running) -> None:
    assert isinstance(service.health, Health)
    report = await service.health.report()
    assert {"postgres", "kafka"} <= set(report["dependencies"])  # type: ignore[call-overload] # object


async def test_authors_whose_posts_have_changed_are_listed_since_a_cursor(
    stub: PostServiceStub,
) -> None:
    changed = await stub.CreatePost(create(author_id=701))
    deleted = await stub.CreatePost(create(author_id=702))
    begun = await stub.ListPostChanges(post_pb2.ListPostChangesRequest())
    assert not begun.author_ids
    await stub.CreatePost(create(author_id=703))
    await stub.UpdatePost(post_pb2.UpdatePostRequest(id=changed.id, user_id=701, title="New"))
    await stub.DeletePost(post_pb2.DeletePostRequest(id=deleted.id, user_id=702))
    found = await stub.ListPostChanges(post_pb2.ListPostChangesRequest(cursor=begun.cursor))
    assert (sorted(found.author_ids), found.is_reset) == ([701, 702, 703], False)
    again = await stub.ListPostChanges(post_pb2.ListPostChangesRequest(cursor=found.cursor))
    assert not again.author_ids


async def test_a_post_made_twice_under_one_key_has_changed_once(stub: PostServiceStub) -> None:
    await stub.CreatePost(create(author_id=704, idempotency_key="once"))
    begun = await stub.ListPostChanges(post_pb2.ListPostChangesRequest())
    await stub.CreatePost(create(author_id=704, idempotency_key="once"))
    found = await stub.ListPostChanges(post_pb2.ListPostChangesRequest(cursor=begun.cursor))
    assert not found.author_ids
