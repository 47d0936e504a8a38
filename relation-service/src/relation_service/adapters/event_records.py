"""Domain events as the messages that other services read."""

from pinstack_proto import topics
from pinstack_proto.events.v1 import relation_events_pb2
from service_kit.outbox import OutboxRecord
from service_kit.timestamps import timestamp_to_pb

from relation_service.domain.events import Event, FollowCreated

FollowMessage = relation_events_pb2.FollowCreated | relation_events_pb2.FollowDeleted


def event_to_record(event: Event) -> OutboxRecord:
    """The outbox row of an event."""
    packed = topics.pack(event_to_pb(event))
    return OutboxRecord(packed.topic, packed.key, packed.type, packed.value)


def event_to_pb(event: Event) -> FollowMessage:
    """The protobuf message of an event."""
    created = isinstance(event, FollowCreated)
    message: type[FollowMessage] = (
        relation_events_pb2.FollowCreated if created else relation_events_pb2.FollowDeleted
    )
    return message(
        follower_id=event.pair.follower_id,
        followee_id=event.pair.followee_id,
        occurred_at=timestamp_to_pb(event.occurred_at),
    )
