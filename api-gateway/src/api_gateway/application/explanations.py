"""The port onto notification-service that says why."""

from typing import Protocol
from uuid import UUID

from api_gateway.domain.explanation import Explanation, Why


class Explanations(Protocol):
    """Why there is a notification, and why there is none.

    Both raise `Unavailable` or `DeadlineExceeded` where notification-service is not reached.
    """

    async def why(self, notification_id: int, caller_id: int) -> Why:
        """All about a notification. Raises PermissionDenied unless the caller owns it, NotFound."""
        ...

    async def explain(self, event_id: UUID, user_id: int) -> Explanation:
        """What has become of an event for somebody."""
        ...
