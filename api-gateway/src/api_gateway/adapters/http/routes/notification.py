"""Notifications: listed, counted, sent; and tickets for the live channel."""

from functools import partial
from typing import Annotated, Final

from fastapi import Query
from service_kit.errors import FieldViolation, InvalidArgument

from api_gateway.adapters.http.answer import Answer, ok
from api_gateway.adapters.http.call import Call
from api_gateway.adapters.http.operations import (
    OWNED_NOTIFICATION,
    USER_NOT_FOUND,
    Access,
    Hot,
    Refusal,
    Success,
    operation,
)
from api_gateway.adapters.http.schemas import fields
from api_gateway.adapters.http.schemas.notification import (
    EXAMPLE,
    CountData,
    FeedData,
    FeedQuery,
    NotificationData,
    SendBody,
    SentData,
    TicketData,
    feed_content,
    group_content,
    shown,
)
from api_gateway.adapters.http.upstream_key import upstream_key
from api_gateway.application.deep_pages import within_reach
from api_gateway.application.groups import NamedGroups
from api_gateway.application.notifications import Notifications
from api_gateway.application.ports import Tickets
from api_gateway.domain.cursor import Cursors

_SENT: Final = "Notification sent successfully"
_TICKET_SECONDS: Final = 30

_NOT_WANTED: Final = Refusal(
    403, "NOTIFICATION_NOT_WANTED", "user does not want such notifications"
)


class NotificationRoutes:
    """Operations on /notification, its marks and the live channel apart."""

    def __init__(
        self,
        notifications: Notifications,
        groups: NamedGroups,
        tickets: Tickets,
        cursors: Cursors,
    ) -> None:
        self._notifications = notifications
        self._groups = groups
        self._tickets = tickets
        self._cursors = cursors

    @operation(
        "GET",
        "/notification/feed",
        "getFeed",
        "One's own notifications, newest first",
        access=Access.TOKEN,
        success=Success(
            200,
            FeedData,
            {
                "notifications": [EXAMPLE],
                "total": 1,
                "page": 1,
                "limit": 20,
                "total_pages": 1,
            },
            "notifications found",
        ),
    )
    async def feed(self, call: Call, query: Annotated[FeedQuery, Query()]) -> Answer:
        """A page of the caller's inbox, without what was withdrawn; or of what is archived.

        Grouped: "ada, bob and 5 others followed you", each group at the place of its newest one.
        """
        user_id = call.caller.user_id
        if query.grouped:
            return await self._grouped(call, query)
        kind = f"archive:{user_id}" if query.archived else f"feed:{user_id}"
        request = query.request(self._cursors.open(kind, query.cursor))
        read = partial(self._notifications.feed, user_id, which=query.which())
        found = await within_reach(request, read)
        next_cursor = self._cursors.seal(kind, found.next_cursor)
        content = feed_content(found, request, next_cursor)
        return ok(content, "notifications found", next_link=call.next_link(next_cursor))

    async def _grouped(self, call: Call, query: FeedQuery) -> Answer:
        """Groups have pages by cursor alone, and none of them is archived."""
        for name, is_given in (("archived", query.archived), ("page", query.page > 1)):
            if is_given:
                violation = FieldViolation(name, "is not for groups")
                raise InvalidArgument("validation failed", violations=[violation])
        user_id = call.caller.user_id
        kind = f"groups:{user_id}"
        found = await self._groups.page(
            user_id,
            query.limit,
            self._cursors.open(kind, query.cursor),
            unread_only=query.unread,
        )
        next_cursor = self._cursors.seal(kind, found.next_cursor)
        content = {"groups": [group_content(one) for one in found.items], "limit": query.limit}
        if next_cursor:
            content["next_cursor"] = next_cursor
        return ok(content, "notifications found", next_link=call.next_link(next_cursor))

    @operation(
        "GET",
        "/notification/unread-count",
        "countUnread",
        "How many of one's own notifications are unread",
        access=Access.TOKEN,
        success=Success(
            200,
            CountData,
            {"count": 3, "unseen": 1, "seen_up_to_seq": 124},
            "unread notifications counted",
        ),
        hot=Hot.OWN,
    )
    async def unread_count(self, call: Call) -> Answer:
        """The number beside the bell: `unseen` falls to 0 when the owner looks, `count` as read."""
        found = await self._notifications.counts(call.caller.user_id)
        content = {
            "count": found.unread,
            "unseen": found.unseen,
            "seen_up_to_seq": found.seen_up_to_seq,
        }
        return ok(content, "unread notifications counted")

    @operation(
        "GET",
        "/notification/{notification_id}",
        "getNotification",
        "One notification of one's own",
        access=Access.TOKEN,
        success=Success(200, NotificationData, EXAMPLE, "notification found"),
        errors=OWNED_NOTIFICATION,
    )
    async def get(self, call: Call, notification_id: fields.TextId) -> Answer:
        """A notification; with `actor_id` a user sent it, without the system did."""
        found = await self._notifications.get(notification_id, call.caller.user_id)
        return ok(shown(found), "notification found")

    @operation(
        "POST",
        "/notification/send",
        "sendNotification",
        "Send a notification to a user",
        access=Access.TOKEN,
        success=Success(200, SentData, {"notification_id": 17, "message": _SENT}, _SENT),
        errors=(_NOT_WANTED, USER_NOT_FOUND),
        limit="send",
        example={"user_id": 7, "type": "greeting", "payload": {"text": "Hello"}},
    )
    async def send(self, call: Call, body: SendBody) -> Answer:
        """The notification bears the caller as its `actor_id`."""
        draft = body.draft()
        call.concerns = draft.user_id
        number = await self._notifications.send(
            draft, actor_id=call.caller.user_id, idempotency_key=upstream_key(call, draft)
        )
        return ok({"notification_id": number, "message": _SENT}, _SENT)

    @operation(
        "POST",
        "/notification/ws-ticket",
        "issueTicket",
        "A ticket for one live connection",
        access=Access.TOKEN,
        success=Success(
            200,
            TicketData,
            {"ticket": "6fK1v0yq3cYw2m8tZx5rJg", "expires_in": _TICKET_SECONDS},
            "ticket issued",
        ),
    )
    async def ticket(self, call: Call) -> Answer:
        """For clients that cannot set a header on a socket: single use, good for 30 seconds."""
        ticket = await self._tickets.issue(call.caller)
        return ok({"ticket": ticket, "expires_in": _TICKET_SECONDS}, "ticket issued")
