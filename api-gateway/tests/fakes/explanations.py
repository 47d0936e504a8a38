"""Why there are notifications, in memory."""

from uuid import UUID

from service_kit.errors import NotFound, PermissionDenied

from api_gateway.domain.explanation import Explanation, Why


class InMemoryExplanations:
    """What is known of notifications, by id, and of events for one user each."""

    def __init__(self) -> None:
        self.known: dict[int, Why] = {}
        self.events: dict[tuple[UUID, int], Explanation] = {}

    async def why(self, notification_id: int, caller_id: int) -> Why:
        found = self.known.get(notification_id)
        if found is None:
            raise NotFound("notification not found", code="NOTIFICATION_NOT_FOUND")
        if found.notification.user_id != caller_id:
            raise PermissionDenied(
                "access to notification denied", code="NOTIFICATION_ACCESS_DENIED"
            )
        return found

    async def explain(self, event_id: UUID, user_id: int) -> Explanation:
        return self.events.get((event_id, user_id), Explanation("unknown"))
