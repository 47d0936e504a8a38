"""The registry of events is total, and packing loses nothing."""

from importlib.metadata import entry_points

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from pinstack_proto import topics
from pinstack_proto.events.v1.post_events_pb2 import PostCreated
from pinstack_proto.events.v1.relation_events_pb2 import FollowCreated
from pinstack_proto.events.v1.user_events_pb2 import UserUpdated
from pinstack_proto.topics import EventType
from pinstack_proto.user.v1.user_pb2 import User

from tests.descriptors import EVENT_FILES, messages

NOW = Timestamp(seconds=1_767_323_045, nanos=120_000_000)


def test_every_event_message_is_registered_once() -> None:
    registered = [row.message.DESCRIPTOR.full_name for row in topics.EVENT_TYPES]

    assert sorted(registered) == sorted(messages(EVENT_FILES))


def test_every_topic_has_the_types_of_the_published_table() -> None:
    types = {
        topic: {row.name for row in topics.EVENT_TYPES if row.topic == topic}
        for topic in topics.TOPICS
    }

    assert types == {
        "user-events": {"user.created.v1", "user.updated.v1", "user.deleted.v1"},
        "relation-events": {"relation.follow_created.v1", "relation.follow_deleted.v1"},
        "post-events": {"post.created.v1", "post.updated.v1", "post.deleted.v1"},
        "notification-events": {
            "notification.created.v1",
            "notification.read.v1",
            "notification.withdrawn.v1",
            "notification.seen.v1",
            "notification.archived.v1",
        },
        "media-events": {"media.uploaded.v1", "media.processed.v1"},
    }


@pytest.mark.parametrize("row", topics.EVENT_TYPES, ids=lambda row: row.name)
def test_packing_and_unpacking_gives_the_event_back(row: EventType) -> None:
    event = row.message(occurred_at=NOW)
    setattr(event, row.key_field, 42)

    packed = topics.pack(event)

    assert (packed.type, packed.topic, packed.key) == (row.name, row.topic, "42")
    assert topics.unpack(packed.type, packed.value) == event


@pytest.mark.parametrize("row", topics.EVENT_TYPES, ids=lambda row: row.name)
def test_a_type_is_found_by_its_name_and_by_its_message(row: EventType) -> None:
    assert topics.event_type_named(row.name) is row
    assert topics.event_type_of(row.message) is row


def test_a_follow_is_keyed_by_the_one_who_is_followed() -> None:
    packed = topics.pack(FollowCreated(follower_id=1, followee_id=2))

    assert packed.key == "2"


def test_a_post_is_keyed_by_its_author() -> None:
    assert topics.pack(PostCreated(post_id=1, author_id=2)).key == "2"


def test_an_unset_optional_field_stays_unset() -> None:
    packed = topics.pack(UserUpdated(user_id=1, full_name=""))

    event = topics.unpack(packed.type, packed.value)

    assert isinstance(event, UserUpdated)
    assert event.HasField("full_name")
    assert not event.HasField("previous_username")


def test_an_unknown_type_is_refused_by_name() -> None:
    with pytest.raises(topics.UnknownEventType, match=r"user\.renamed\.v1"):
        topics.unpack("user.renamed.v1", b"")


def test_a_message_that_is_no_event_is_refused() -> None:
    with pytest.raises(topics.UnknownEventType, match=r"user\.v1\.User is no event"):
        topics.event_type_of(User)


def test_bytes_that_are_no_protobuf_are_malformed() -> None:
    with pytest.raises(topics.MalformedEvent, match=r"user\.created\.v1"):
        topics.unpack("user.created.v1", b"\xff\xff")


def test_a_dead_letter_topic_is_named_for_its_consumer_group() -> None:
    assert topics.dead_letter_topic("notification-service") == "notification-service.dlq"


def test_the_decoder_is_announced_to_the_tools_that_show_events() -> None:
    (point,) = entry_points(group="service_kit.event_decoders", name="pinstack")

    assert point.load() is topics.unpack
