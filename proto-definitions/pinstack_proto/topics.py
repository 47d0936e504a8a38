"""Which event travels on which topic, under which type and key."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from google.protobuf.message import DecodeError, Message
from pinstack_proto.events.v1.media_events_pb2 import MediaProcessed, MediaUploaded
from pinstack_proto.events.v1.notification_events_pb2 import (
    NotificationArchived,
    NotificationCreated,
    NotificationRead,
    NotificationSeen,
    NotificationWithdrawn,
)
from pinstack_proto.events.v1.post_events_pb2 import PostCreated, PostDeleted, PostUpdated
from pinstack_proto.events.v1.relation_events_pb2 import FollowCreated, FollowDeleted
from pinstack_proto.events.v1.user_events_pb2 import UserCreated, UserDeleted, UserUpdated

USER_EVENTS: Final = "user-events"
RELATION_EVENTS: Final = "relation-events"
POST_EVENTS: Final = "post-events"
NOTIFICATION_EVENTS: Final = "notification-events"
MEDIA_EVENTS: Final = "media-events"
TOPICS: Final = (USER_EVENTS, RELATION_EVENTS, POST_EVENTS, NOTIFICATION_EVENTS, MEDIA_EVENTS)

Event: TypeAlias = (
    UserCreated
    | UserUpdated
    | UserDeleted
    | FollowCreated
    | FollowDeleted
    | PostCreated
    | PostUpdated
    | PostDeleted
    | NotificationCreated
    | NotificationRead
    | NotificationWithdrawn
    | NotificationSeen
    | NotificationArchived
    | MediaUploaded
    | MediaProcessed
)


class UnknownEventType(ValueError):
    """No message is registered under this event type, or this message is no event."""


class MalformedEvent(ValueError):
    """The value does not decode as the message that its event type names."""


@dataclass(frozen=True, slots=True)
class EventType:
    """One row of the registry."""

    name: str
    """Stands in the header `ce_type`."""
    message: type[Event]
    topic: str
    key_field: str
    """The id whose events stay in order: the field that becomes the partition key."""


EVENT_TYPES: Final = (
    EventType("user.created.v1", UserCreated, USER_EVENTS, "user_id"),
    EventType("user.updated.v1", UserUpdated, USER_EVENTS, "user_id"),
    EventType("user.deleted.v1", UserDeleted, USER_EVENTS, "user_id"),
    EventType("relation.follow_created.v1", FollowCreated, RELATION_EVENTS, "followee_id"),
    EventType("relation.follow_deleted.v1", FollowDeleted, RELATION_EVENTS, "followee_id"),
    EventType("post.created.v1", PostCreated, POST_EVENTS, "author_id"),
    EventType("post.updated.v1", PostUpdated, POST_EVENTS, "author_id"),
    EventType("post.deleted.v1", PostDeleted, POST_EVENTS, "author_id"),
    EventType("notification.created.v1", NotificationCreated, NOTIFICATION_EVENTS, "user_id"),
    EventType("notification.read.v1", NotificationRead, NOTIFICATION_EVENTS, "user_id"),
    EventType("notification.withdrawn.v1", NotificationWithdrawn, NOTIFICATION_EVENTS, "user_id"),
    EventType("notification.seen.v1", NotificationSeen, NOTIFICATION_EVENTS, "user_id"),
    EventType("notification.archived.v1", NotificationArchived, NOTIFICATION_EVENTS, "user_id"),
    EventType("media.uploaded.v1", MediaUploaded, MEDIA_EVENTS, "owner_id"),
    EventType("media.processed.v1", MediaProcessed, MEDIA_EVENTS, "owner_id"),
)

_BY_NAME: Final[Mapping[str, EventType]] = {row.name: row for row in EVENT_TYPES}
_BY_MESSAGE: Final[Mapping[type[Message], EventType]] = {row.message: row for row in EVENT_TYPES}


@dataclass(frozen=True, slots=True)
class PackedEvent:
    """An event as Kafka carries it: `key` is an id in decimal digits, `value` protobuf bytes."""

    type: str
    topic: str
    key: str
    value: bytes


def event_type_of(message: type[Message]) -> EventType:
    """The registry row of a message class. Raises UnknownEventType."""
    try:
        return _BY_MESSAGE[message]
    except KeyError:
        raise UnknownEventType(f"{message.DESCRIPTOR.full_name} is no event") from None


def event_type_named(name: str) -> EventType:
    """The registry row of an event type such as `user.created.v1`. Raises UnknownEventType."""
    try:
        return _BY_NAME[name]
    except KeyError:
        raise UnknownEventType(f"unknown event type {name!r}") from None


def pack(event: Event) -> PackedEvent:
    """Serialises an event together with its type, topic and key. Raises UnknownEventType."""
    row = event_type_of(type(event))
    key: int = getattr(event, row.key_field)
    return PackedEvent(row.name, row.topic, str(key), event.SerializeToString())


def unpack(name: str, value: bytes) -> Event:
    """The event of type `name` in `value`; fields newer than this code are kept, unread.

    Raises UnknownEventType or MalformedEvent.
    """
    row = event_type_named(name)
    try:
        return row.message.FromString(value)
    except DecodeError as error:
        raise MalformedEvent(f"the value is no {row.name}: {error}") from error


def dead_letter_topic(group: str) -> str:
    """Where a consumer group puts what it cannot handle."""
    return f"{group}.dlq"
