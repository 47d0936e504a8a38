"""Domain events as the messages that other services read."""

from pinstack_proto import topics
from pinstack_proto.events.v1 import media_events_pb2, post_events_pb2
from service_kit.outbox import OutboxRecord
from service_kit.timestamps import timestamp_to_pb

from post_service.domain.events import (
    Event,
    MediaProcessed,
    MediaUploaded,
    PostCreated,
    PostUpdated,
)
from post_service.domain.models import Post


def event_to_record(event: Event) -> OutboxRecord:
    """The outbox row of an event."""
    packed = topics.pack(event_to_pb(event))
    return OutboxRecord(packed.topic, packed.key, packed.type, packed.value)


def event_to_pb(event: Event) -> topics.Event:
    """The protobuf message of an event."""
    match event:
        case PostCreated():
            return _created_to_pb(event)
        case PostUpdated(post):
            return _updated_to_pb(post)
        case MediaUploaded(media_id, owner_id):
            uploaded = media_events_pb2.MediaUploaded(media_id=media_id, owner_id=owner_id)
            uploaded.occurred_at.GetCurrentTime()
            return uploaded
        case MediaProcessed():
            return _processed_to_pb(event)
    deleted = post_events_pb2.PostDeleted(post_id=event.post_id, author_id=event.author_id)
    deleted.occurred_at.GetCurrentTime()
    return deleted


def _created_to_pb(event: PostCreated) -> post_events_pb2.PostCreated:
    return post_events_pb2.PostCreated(
        post_id=event.post_id,
        author_id=event.author_id,
        title=event.title,
        occurred_at=timestamp_to_pb(event.created_at),
    )


def _updated_to_pb(post: Post) -> post_events_pb2.PostUpdated:
    return post_events_pb2.PostUpdated(
        post_id=post.id,
        author_id=post.author_id,
        title=post.title,
        occurred_at=timestamp_to_pb(post.updated_at),
    )


def _processed_to_pb(event: MediaProcessed) -> media_events_pb2.MediaProcessed:
    processed = media_events_pb2.MediaProcessed(
        media_id=event.media_id, owner_id=event.owner_id, state=event.state
    )
    processed.occurred_at.GetCurrentTime()
    return processed
