"""Why there is a notification, and why there is none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from notification_service.application.ports import Clock, Followership, Inboxes, Provenance
from notification_service.domain.errors import AccessDenied, NotificationNotFound
from notification_service.domain.facts import (
    FOLLOW_BEGAN,
    FOLLOW_ENDED,
    POST_APPEARED,
    POST_VANISHED,
)
from notification_service.domain.models import Notification
from notification_service.domain.provenance import (
    Cause,
    Consumed,
    Delivery,
    Explanation,
    NotPushed,
    Outcome,
    Progress,
    Reason,
    Traces,
    Why,
)
from notification_service.domain.rules import check_id

_MOST_DELIVERIES: Final = 100
_NOTED_WITHIN: Final = timedelta(seconds=5)
"""Gateways tell what they have put on the wire a moment later."""


@dataclass(frozen=True, slots=True)
class Explanations:
    """The use cases of *why*. What is put on the wire, and who is skipped, is known for `kept`."""

    inboxes: Inboxes
    provenance: Provenance
    followership: Followership
    clock: Clock
    kept: timedelta

    async def why(self, notification_id: int, caller_id: int) -> Why:
        """Which event made a notification, and to which of the owner's connections it went.

        Raises `NotificationNotFound`, `AccessDenied`.
        """
        check_id("notification_id", notification_id)
        check_id("caller_id", caller_id)
        found = await self.inboxes.get(notification_id)
        if found is None:
            raise NotificationNotFound
        if found.user_id != caller_id:
            raise AccessDenied
        cause = await self.provenance.cause(found)
        deliveries = tuple(await self.provenance.deliveries(found, _MOST_DELIVERIES))
        return Why(found, cause, deliveries, self._not_pushed(found, cause, deliveries))

    async def explain(self, event_id: UUID, user_id: int) -> Explanation:
        """What has become of an event for somebody; one that concerns others only is unknown.

        Raises `Unavailable` where nobody can tell whether it does.
        """
        check_id("user_id", user_id)
        traces = await self.provenance.traces(event_id, user_id)
        event = traces.event
        if traces.notification_id is not None and not traces.is_withdrawn:
            return Explanation(Outcome.MADE, None, traces.notification_id, event)
        reason: Reason | Outcome | None
        reason = traces.skipped or (Reason.WITHDRAWN if traces.is_withdrawn else None)
        reason = reason or await self._reason(traces, user_id)
        if isinstance(reason, Outcome):
            return Explanation(reason, event=None if reason is Outcome.UNKNOWN else event)
        return Explanation(Outcome.SKIPPED, reason, traces.notification_id, event)

    async def note(self, deliveries: Sequence[Delivery]) -> None:
        """Remember what was put on the wire."""
        await self.provenance.note(deliveries)

    def _not_pushed(
        self, notification: Notification, cause: Cause, deliveries: Sequence[Delivery]
    ) -> NotPushed | None:
        if cause.held is not None:
            return NotPushed(cause.held)
        if deliveries:
            return None
        age = self.clock() - notification.created_at
        if age < _NOTED_WITHIN:
            return NotPushed.UNDER_WAY
        return NotPushed.NO_SOCKET_OPEN if age < self.kept else NotPushed.NOT_KEPT

    async def _reason(self, traces: Traces, user_id: int) -> Reason | Outcome:
        """Why nothing is kept for somebody, or that it may still come, or that nobody may know."""
        event = traces.event
        if event is None or event.origin is None:
            return Outcome.UNKNOWN
        if event.actor_id == user_id:
            return Reason.OWN_ACTION
        if event.origin.type in (POST_APPEARED, POST_VANISHED):
            return await self._reason_of_post(event, traces.progress, user_id)
        if event.about_id != user_id:
            return Outcome.UNKNOWN
        return {FOLLOW_BEGAN: Reason.NOT_KEPT, FOLLOW_ENDED: Reason.MAKES_NONE}.get(
            event.origin.type, Outcome.UNKNOWN
        )

    async def _reason_of_post(
        self, event: Consumed, progress: Progress | None, user_id: int
    ) -> Reason | Outcome:
        author_id = event.actor_id or 0
        followers = await self.followership.after(author_id, user_id - 1, 1)
        if user_id not in followers.ids:
            return Outcome.UNKNOWN  # it concerns those who follow
        if event.origin is not None and event.origin.type == POST_VANISHED:
            return Reason.MAKES_NONE
        if progress is None:
            return Reason.NOT_KEPT
        if progress.cause != event.event_id:
            is_gone = progress.cause_type in (POST_VANISHED, None)
            return Reason.WITHDRAWN if is_gone else Reason.DUPLICATE
        if progress.is_telling and progress.checkpoint < user_id:
            return Outcome.UNDER_WAY
        is_old = self.clock() - event.consumed_at > self.kept
        return Reason.NOT_KEPT if is_old else Reason.NOT_FOLLOWING
