"""Domain events as the messages that other services read."""

from google.protobuf.field_mask_pb2 import FieldMask
from pinstack_proto import topics
from pinstack_proto.events.v1 import user_events_pb2
from service_kit.outbox import OutboxRecord
from service_kit.timestamps import timestamp_to_pb

from user_service.domain.events import Event, UserCreated, UserUpdated
from user_service.domain.models import User


def event_to_record(event: Event) -> OutboxRecord:
    """The outbox row of an event."""
    packed = topics.pack(event_to_pb(event))
    return OutboxRecord(packed.topic, packed.key, packed.type, packed.value)


def event_to_pb(event: Event) -> topics.Event:
    """The protobuf message of an event."""
    match event:
        case UserCreated(user):
            return _created_to_pb(user)
        case UserUpdated(user, changed, previous_username):
            return user_events_pb2.UserUpdated(
                user_id=user.id,
                username=user.username,
                full_name=user.full_name,
                avatar_url=user.avatar_url,
                occurred_at=timestamp_to_pb(user.updated_at),
                changed=FieldMask(paths=changed),
                previous_username=previous_username,
            )
    deleted = user_events_pb2.UserDeleted(user_id=event.user.id, username=event.user.username)
    deleted.occurred_at.GetCurrentTime()
    return deleted


def _created_to_pb(user: User) -> user_events_pb2.UserCreated:
    return user_events_pb2.UserCreated(
        user_id=user.id,
        username=user.username,
        full_name=user.full_name,
        avatar_url=user.avatar_url,
        occurred_at=timestamp_to_pb(user.created_at),
    )
