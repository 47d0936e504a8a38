"""What post-service does when it hears of others' events, and of its own uploads."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from pinstack_proto import topics
from pinstack_proto.events.v1.media_events_pb2 import MediaUploaded
from pinstack_proto.events.v1.user_events_pb2 import UserCreated, UserDeleted, UserUpdated
from service_kit.events import InvalidEvent, ReceivedEvent

from post_service.application.media_ports import Uploads
from post_service.application.use_cases import Publications
from post_service.domain.media import stem_of

USER_DELETED = topics.event_type_of(UserDeleted).name
USER_CREATED = topics.event_type_of(UserCreated).name
USER_UPDATED = topics.event_type_of(UserUpdated).name
MEDIA_UPLOADED = topics.event_type_of(MediaUploaded).name
TYPES = (USER_CREATED, USER_UPDATED, USER_DELETED, MEDIA_UPLOADED)

E = TypeVar("E", UserCreated, UserUpdated, UserDeleted)


class HeardEvents:
    """Removes the posts and uploads of users who are gone, keeps the uploads that are avatars, and
    wakes what processes uploads.
    """

    def __init__(
        self,
        publications: Publications,
        uploads: Uploads,
        media_url: str,
        wake: Callable[[], None],
    ) -> None:
        self._publications = publications
        self._uploads = uploads
        self._media_url = media_url
        self._wake = wake

    async def handle(self, events: Sequence[ReceivedEvent]) -> None:
        """Take a batch in. Raises `InvalidEvent` for a message that can't be read."""
        for event in events:
            if event.type == USER_DELETED:
                user_id = user_event(event, UserDeleted).user_id
                await self._publications.author_deleted(user_id)
                await self._uploads.remove_all_of(user_id)
            elif event.type == USER_UPDATED:
                await self._show(user_event(event, UserUpdated))
            elif event.type == USER_CREATED:
                await self._show(user_event(event, UserCreated))
            elif event.type == MEDIA_UPLOADED:
                self._wake()

    async def _show(self, user: UserCreated | UserUpdated) -> None:
        await self._uploads.show_avatar(user.user_id, stem_of(user.avatar_url, self._media_url))


def user_event(event: ReceivedEvent, kind: type[E]) -> E:
    """The message of an event. Raises `InvalidEvent`."""
    try:
        message = topics.unpack(event.type, event.value)
    except topics.MalformedEvent as error:
        raise InvalidEvent(str(error)) from error
    if not isinstance(message, kind) or message.user_id < 1:
        raise InvalidEvent(f"{event.type} without a user id")
    return message
