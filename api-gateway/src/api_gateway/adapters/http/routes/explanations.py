"""Why there is a notification, and why there is none."""

from typing import Annotated

from fastapi import Query

from api_gateway.adapters.http.answer import Answer, ok
from api_gateway.adapters.http.call import Call
from api_gateway.adapters.http.operations import OWNED_NOTIFICATION, Access, Success, operation
from api_gateway.adapters.http.schemas import fields
from api_gateway.adapters.http.schemas.explanation import (
    EXPLANATION_EXAMPLE,
    WHY_EXAMPLE,
    ExplainQuery,
    ExplanationData,
    WhyData,
    explanation_content,
    why_content,
)
from api_gateway.application.explanations import Explanations


class ExplanationRoutes:
    """Operations on /notification that say why."""

    def __init__(self, explanations: Explanations) -> None:
        self._explanations = explanations

    @operation(
        "GET",
        "/notification/explain",
        "explainEvent",
        "Why there is a notification of an event, or none",
        access=Access.TOKEN,
        success=Success(200, ExplanationData, EXPLANATION_EXAMPLE, "event explained"),
    )
    async def explain(self, call: Call, query: Annotated[ExplainQuery, Query()]) -> Answer:
        """What has become of it for the caller: made, skipped for a reason, still under way.

        An event that concerns others only is answered as one that there never was. Reasons are
        known for a week.
        """
        found = await self._explanations.explain(query.event_id, call.caller.user_id)
        return ok(explanation_content(query.event_id, found), "event explained")

    @operation(
        "GET",
        "/notification/{notification_id}/why",
        "explainNotification",
        "Where a notification of one's own comes from, and where it went",
        access=Access.TOKEN,
        success=Success(200, WhyData, WHY_EXAMPLE, "notification explained"),
        errors=OWNED_NOTIFICATION,
    )
    async def why(self, call: Call, notification_id: fields.TextId) -> Answer:
        """Its event, when that was committed, published and consumed, and one's own connections
        that it was sent to, to a tenth of a second; or why it was not pushed. Known for a week.
        """
        found = await self._explanations.why(notification_id, call.caller.user_id)
        return ok(why_content(found), "notification explained")
