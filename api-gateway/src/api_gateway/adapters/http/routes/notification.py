"""Notifications: read, counted, sent, marked, removed; and tickets for the live channel."""

from functools import partial
from typing import Annotated, Final

from fastapi import Query

from api_gateway.adapters.http.answer import Answer, ok
from api_gateway.adapters.http.call import Call
from api_gateway.adapters.http.operations import (
    USER_NOT_FOUND,
    Access,
    Refusal,
    Success,
    operation,
)
from api_gateway.adapters.http.schemas import fields
from api_gateway.adapters.http.schemas.notification import (
    EXAMPLE,
    AllReadData,
    CountData,
    DoneData,
    FeedData,
    FeedQuery,
    NotificationData,
    ReadAllBody,
    SendBody,
    SentData,
    TicketData,
    feed_content,
    shown,
)
from api_gateway.adapters.http.upstream_key import upstream_key
from api_gateway.application.deep_pages import within_reach
from api_gateway.application.notifications import Notifications
from api_gateway.application.ports import Tickets
from api_gateway.domain.cursor import Cursors

_SENT: Final = "Notification sent successfully"
_READ: Final = "Notification marked as read"
_READ_BEFORE: Final = "Notification already marked as read"
_ALL_READ: Final = "All notifications marked as read"
_REMOVED: Final = "Notification removed successfully"
_TICKET_SECONDS: Final = 30

_THEIRS: Final = (
    Refusal(403, "NOTIFICATION_ACCESS_DENIED", "access to notification denied"),
    Refusal(404, "NOTIFICATION_NOT_FOUND", "notification not found"),
)


class NotificationRoutes:
    """Operations on /notification, the live channel apart."""

    def __init__(self, notifications: Notifications, tickets: Tickets, cursors: Cursors) -> None:
        self._notifications = notifications
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
        """A page of the caller's inbox, without what was withdrawn."""
        user_id = call.caller.user_id
        kind = f"feed:{user_id}"
        request = query.request(self._cursors.open(kind, query.cursor))
        read = partial(self._notifications.feed, user_id, unread_only=query.unread)
        found = await within_reach(request, read)
        next_cursor = self._cursors.seal(kind, found.next_cursor)
        content = feed_content(found, request, next_cursor)
        return ok(content, "notifications found", next_link=call.next_link(next_cursor))

    @operation(
        "GET",
        "/notification/unread-count",
        "countUnread",
        "How many of one's own notifications are unread",
        access=Access.TOKEN,
        success=Success(200, CountData, {"count": 3}, "unread notifications counted"),
    )
    async def unread_count(self, call: Call) -> Answer:
        """The number beside the bell."""
        count = await self._notifications.unread_count(call.caller.user_id)
        return ok({"count": count}, "unread notifications counted")

    @operation(
        "GET",
        "/notification/{notification_id}",
        "getNotification",
        "One notification of one's own",
        access=Access.TOKEN,
        success=Success(200, NotificationData, EXAMPLE, "notification found"),
        errors=_THEIRS,
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
        errors=(USER_NOT_FOUND,),
        limit="send",
        example={"user_id": 7, "type": "greeting", "payload": {"text": "Hello"}},
    )
    async def send(self, call: Call, body: SendBody) -> Answer:
        """The notification bears the caller as its `actor_id`."""
        draft = body.draft()
        number = await self._notifications.send(
            draft, actor_id=call.caller.user_id, idempotency_key=upstream_key(call, draft)
        )
        return ok({"notification_id": number, "message": _SENT}, _SENT)

    @operation(
        "PUT",
        "/notification/read-all",
        "readAllNotifications",
        "Mark all of one's own notifications as read",
        access=Access.TOKEN,
        success=Success(
            200, AllReadData, {"success": True, "message": _ALL_READ, "updated": 3}, _ALL_READ
        ),
        example={"up_to_seq": 125},
    )
    async def read_all(self, call: Call, body: ReadAllBody) -> Answer:
        """All, or all up to the last one that the reader has seen; `updated` became read."""
        updated = await self._notifications.mark_all_read(call.caller.user_id, body.up_to_seq)
        return ok({"success": True, "message": _ALL_READ, "updated": updated}, _ALL_READ)

    @operation(
        "PUT",
        "/notification/{notification_id}/read",
        "readNotification",
        "Mark a notification of one's own as read",
        access=Access.TOKEN,
        success=Success(200, DoneData, {"success": True, "message": _READ}, _READ),
        errors=_THEIRS,
    )
    async def read(self, call: Call, notification_id: fields.TextId) -> Answer:
        """Marking it again changes nothing, and says so."""
        before = await self._notifications.mark_read(notification_id, call.caller.user_id)
        message = _READ_BEFORE if before else _READ
        return ok({"success": True, "message": message}, message)

    @operation(
        "DELETE",
        "/notification/{notification_id}",
        "removeNotification",
        "Remove a notification of one's own",
        access=Access.TOKEN,
        success=Success(200, DoneData, {"success": True, "message": _REMOVED}, _REMOVED),
        errors=_THEIRS,
    )
    async def remove(self, call: Call, notification_id: fields.TextId) -> Answer:
        """The second time there is nothing left to remove."""
        await self._notifications.remove(notification_id, call.caller.user_id)
        return ok({"success": True, "message": _REMOVED}, _REMOVED)

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
