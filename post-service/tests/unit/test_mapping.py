"""Between the contract and the domain."""

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp
from pinstack_proto.events.v1 import post_events_pb2
from pinstack_proto.post.v1 import post_pb2
from service_kit.pages import InvalidCursor
from service_kit.timestamps import timestamp_to_pb

from post_service.adapters.event_records import event_to_record
from post_service.adapters.grpc_servicer import (
    change_from_pb,
    filter_from_pb,
    new_post_from_pb,
    page_to_pb,
    place_from_cursor,
    post_to_pb,
)
from post_service.domain.errors import InvalidFilter, InvalidPost
from post_service.domain.events import PostDeleted, PostUpdated
from post_service.domain.models import MediaDraft, Place, PostChange, PostFilter, PostPage
from tests.builders import NOW, a_post, announcement

MEDIA = "https://media.example.com"


def test_a_post_keeps_all_its_parts() -> None:
    stamp = timestamp_to_pb(NOW)
    first, second = a_post().media
    assert post_to_pb(a_post(), MEDIA) == post_pb2.Post(
        id=1,
        author_id=1,
        title="Hello",
        content="Some text.",
        tags=["go", "python"],
        tag_refs=[post_pb2.Tag(id=7, name="go"), post_pb2.Tag(id=3, name="python")],
        media=[
            post_pb2.Media(id=11, url=first.url, type="image", position=1, created_at=stamp),
            post_pb2.Media(
                id=12,
                url=second.url,
                type="video",
                position=4,
                created_at=stamp,
                description="A cat.",
            ),
        ],
        created_at=stamp,
        updated_at=stamp,
    )


def test_an_empty_description_is_none() -> None:
    item = post_pb2.MediaInput(url="https://example.com/a", type="image", description="")
    request = post_pb2.CreatePostRequest(author_id=1, title="x", media=[item])
    assert new_post_from_pb(request).media == (MediaDraft(item.url, "image", 1, None),)


def test_a_mask_says_what_is_replaced_and_clears_what_it_lists_empty() -> None:
    request = post_pb2.UpdatePostRequest(
        title="not listed", update_mask=FieldMask(paths=["content", "tags", "media"])
    )
    assert change_from_pb(request) == PostChange(content="", tags=(), media=())


def test_a_mask_that_lists_an_absent_title_is_refused() -> None:
    with pytest.raises(InvalidPost) as caught:
        change_from_pb(post_pb2.UpdatePostRequest(update_mask=FieldMask(paths=["title"])))
    assert [violation.field for violation in caught.value.violations] == ["title"]


def test_without_a_mask_what_is_present_is_replaced() -> None:
    media = [post_pb2.MediaInput(url="https://example.com/a", type="image")]
    request = post_pb2.UpdatePostRequest(id=1, user_id=1, content="", tags=["a"], media=media)
    assert change_from_pb(request) == PostChange(
        content="", tags=("a",), media=(MediaDraft("https://example.com/a", "image", 1),)
    )
    assert change_from_pb(post_pb2.UpdatePostRequest(id=1, user_id=1)).is_empty()


def test_an_empty_mask_is_none() -> None:
    request = post_pb2.UpdatePostRequest(title="x", update_mask=FieldMask())
    assert change_from_pb(request) == PostChange(title="x")


@pytest.mark.parametrize("path", ["author_id", "id", "", "media_items", "tags.name"])
def test_a_mask_that_lists_what_is_no_part_is_refused(path: str) -> None:
    with pytest.raises(InvalidPost) as caught:
        change_from_pb(post_pb2.UpdatePostRequest(update_mask=FieldMask(paths=["title", path])))
    assert [violation.field for violation in caught.value.violations] == ["update_mask"]


def test_filters_that_are_not_set_are_none() -> None:
    assert filter_from_pb(post_pb2.ListPostsRequest()) == PostFilter()


@pytest.mark.parametrize("field", ["created_after", "created_before"])
def test_a_moment_out_of_range_is_refused(field: str) -> None:
    request = post_pb2.ListPostsRequest()
    getattr(request, field).CopyFrom(Timestamp(seconds=1 << 60))
    with pytest.raises(InvalidFilter) as caught:
        filter_from_pb(request)
    assert [violation.field for violation in caught.value.violations] == [field]


def test_a_cursor_holds_the_place_of_the_last_post() -> None:
    response = page_to_pb(PostPage((a_post(9), a_post(8)), has_more=True, total=3), MEDIA)
    assert place_from_cursor(response.next_cursor) == Place(NOW, 8)
    assert response.total == 3
    assert not page_to_pb(PostPage((a_post(),), has_more=False, total=1), MEDIA).next_cursor


@pytest.mark.parametrize("cursor", ["x", "####", "AAAAAAAAAAE", "f" * 22])
def test_a_cursor_that_no_page_gave_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidCursor, match="invalid cursor"):
        place_from_cursor(cursor)


def test_events_travel_under_the_authors_id() -> None:
    post = a_post(post_id=5, author_id=3, title="News")
    at = timestamp_to_pb(NOW)
    created = event_to_record(announcement(post))
    assert (created.topic, created.key, created.type) == ("post-events", "3", "post.created.v1")
    assert post_events_pb2.PostCreated.FromString(created.payload) == post_events_pb2.PostCreated(
        post_id=5, author_id=3, title="News", occurred_at=at
    )
    updated = event_to_record(PostUpdated(post))
    assert updated.type == "post.updated.v1"
    assert post_events_pb2.PostUpdated.FromString(updated.payload).title == "News"
    deleted = event_to_record(PostDeleted(5, 3))
    assert (deleted.key, deleted.type) == ("3", "post.deleted.v1")
    message = post_events_pb2.PostDeleted.FromString(deleted.payload)
    assert (message.post_id, message.author_id) == (5, 3)
    assert message.HasField("occurred_at")
