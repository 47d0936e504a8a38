"""What notification-service hears of others' events."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from pinstack_proto import topics
from pinstack_proto.events.v1.media_events_pb2 import MediaProcessed as MediaProcessedPb
from pinstack_proto.events.v1.post_events_pb2 import PostCreated, PostDeleted
from pinstack_proto.events.v1.relation_events_pb2 import FollowCreated, FollowDeleted
from pinstack_proto.events.v1.user_events_pb2 import UserDeleted
from service_kit.events import InvalidEvent, ReceivedEvent
from service_kit.timestamps import timestamp_from_pb

from notification_service.application.reactions import Effects
from notification_service.domain.facts import (
    AccountGone,
    Fact,
    FollowEnded,
    FollowStarted,
    PostGone,
    PostPublished,
)
from notification_service.domain.media import MediaProcessed
from notification_service.domain.provenance import Origin

TOPICS: Final = (
    topics.USER_EVENTS,
    topics.RELATION_EVENTS,
    topics.POST_EVENTS,
    topics.MEDIA_EVENTS,
)
_FACTS: Final = tuple(
    topics.event_type_of(message).name
    for message in (FollowCreated, FollowDeleted, PostCreated, PostDeleted, UserDeleted)
)
_PROCESSED: Final = topics.event_type_of(MediaProcessedPb).name
TYPES: Final = (*_FACTS, _PROCESSED)
_STATES: Final = ("ready", "failed")
_LONGEST_TITLE: Final = 1000
"""Far beyond what post-service takes: a payload must hold it, whatever it is made of."""


class Events:
    """Hands a batch of events to the use cases, and tells `wake` of what there is work from.

    What is only of the moment is passed to `tell`: sooner or later, once or twice, is all the same.
    """

    def __init__(
        self,
        effects: Effects,
        wake: Callable[[Sequence[Fact]], None],
        tell: Callable[[MediaProcessed], None],
    ) -> None:
        self._effects = effects
        self._wake = wake
        self._tell = tell

    async def handle(self, events: Sequence[ReceivedEvent]) -> None:
        """Take a batch in; types that do not concern this service are passed over.

        Raises `InvalidEvent` for a message that can't be read.
        """
        media = [media_of(event) for event in events if event.type == _PROCESSED]
        facts = [fact_of(event) for event in events if event.type in _FACTS]
        if facts:
            self._wake(await self._effects.apply(facts))
        for one in media:
            self._tell(one)


def media_of(event: ReceivedEvent) -> MediaProcessed:
    """What has become of an upload. Raises `InvalidEvent`."""
    message = _unpacked(event)
    if not isinstance(message, MediaProcessedPb) or message.state not in _STATES:
        raise InvalidEvent("nothing that has become of an upload")
    owner_id, media_id = _checked(message.owner_id, message.media_id)
    return MediaProcessed(owner_id, media_id, message.state)


def fact_of(event: ReceivedEvent) -> Fact:
    """What an event of one of the `_FACTS` says. Raises `InvalidEvent`."""
    match message := _unpacked(event):
        case FollowCreated():
            return _follow_started(event, message)
        case FollowDeleted():
            ids = _checked(message.follower_id, message.followee_id)
            return FollowEnded(event.id, *ids, origin_of(event))
        case PostCreated():
            return _post_published(event, message)
        case PostDeleted():
            ids = _checked(message.post_id, message.author_id)
            return PostGone(event.id, *ids, origin_of(event))
        case UserDeleted():
            _checked(message.user_id, message.user_id)
            return AccountGone(event.id, message.user_id, origin_of(event))
    raise InvalidEvent(f"{event.type} is of no concern here")


def _unpacked(event: ReceivedEvent) -> Message:
    try:
        return topics.unpack(event.type, event.value)
    except topics.MalformedEvent as error:
        raise InvalidEvent(str(error)) from error


def origin_of(event: ReceivedEvent) -> Origin:
    """Where an event was read, and when it came so far."""
    place = event.topic, event.partition, event.offset
    return Origin(event.type, *place, event.time, event.published_at)


def _follow_started(event: ReceivedEvent, message: FollowCreated) -> FollowStarted:
    follower_id, followee_id = _checked(message.follower_id, message.followee_id)
    at = _moment(message.occurred_at)
    origin = origin_of(event)
    return FollowStarted(event.id, follower_id, followee_id, at, _traceparent(event), origin)


def _post_published(event: ReceivedEvent, message: PostCreated) -> PostPublished:
    post_id, author_id = _checked(message.post_id, message.author_id)
    if "\0" in message.title or len(message.title) > _LONGEST_TITLE:
        raise InvalidEvent("the title is none that a post can have")
    at = _moment(message.occurred_at)
    rest = message.title, at, _traceparent(event), origin_of(event)
    return PostPublished(event.id, post_id, author_id, *rest)


def _traceparent(event: ReceivedEvent) -> str:
    return event.headers.get("traceparent", "")


def _moment(stamp: Timestamp) -> datetime:
    try:
        return timestamp_from_pb(stamp)
    except ValueError as error:
        raise InvalidEvent(str(error)) from error


def _checked(one: int, other: int) -> tuple[int, int]:
    if min(one, other) < 1:
        raise InvalidEvent("an id is missing")
    return one, other
