"""What auth-service does when it hears of others' events."""

from collections.abc import Sequence

from pinstack_proto import topics
from pinstack_proto.events.v1.user_events_pb2 import UserDeleted
from service_kit.events import InvalidEvent, ReceivedEvent

from auth_service.application.use_cases import Accounts

USER_DELETED = topics.event_type_of(UserDeleted).name


class UserEvents:
    """Closes the accounts of users who are gone; no other event of users concerns it."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    async def handle(self, events: Sequence[ReceivedEvent]) -> None:
        """Take a batch in. Raises `InvalidEvent` for a message that can't be read."""
        deleted = {event.id: deleted_user(event) for event in events if event.type == USER_DELETED}
        if deleted:
            await self._accounts.remove(deleted)


def deleted_user(event: ReceivedEvent) -> int:
    """Whom a `user.deleted.v1` is about. Raises `InvalidEvent`."""
    try:
        message = topics.unpack(event.type, event.value)
    except topics.MalformedEvent as error:
        raise InvalidEvent(str(error)) from error
    if not isinstance(message, UserDeleted) or message.user_id < 1:
        raise InvalidEvent("user.deleted.v1 without a user id")
    return message.user_id
