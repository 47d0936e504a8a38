"""What one does with one's notifications: read, see, archive, remove."""

from typing import Final

from api_gateway.adapters.http.answer import Answer, ok
from api_gateway.adapters.http.call import Call
from api_gateway.adapters.http.operations import OWNED_NOTIFICATION, Access, Success, operation
from api_gateway.adapters.http.schemas import fields
from api_gateway.adapters.http.schemas.notification import (
    AllReadData,
    DoneData,
    MarkBody,
    SeenData,
)
from api_gateway.application.notifications import Notifications

_READ: Final = "Notification marked as read"
_READ_BEFORE: Final = "Notification already marked as read"
_ALL_READ: Final = "All notifications marked as read"
_REMOVED: Final = "Notification removed successfully"
_SEEN: Final = "Notifications marked as seen"
_ARCHIVED: Final = "Notification archived"
_ARCHIVED_BEFORE: Final = "Notification already archived"
_UNARCHIVED: Final = "Notification unarchived"
_NOT_ARCHIVED: Final = "Notification not archived"


class NotificationMarkRoutes:
    """Operations on /notification that mark and remove."""

    def __init__(self, notifications: Notifications) -> None:
        self._notifications = notifications

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
    async def read_all(self, call: Call, body: MarkBody) -> Answer:
        """All, or all up to the last one that the reader has seen; `updated` became read."""
        updated = await self._notifications.mark_all_read(call.caller.user_id, body.up_to_seq)
        return ok({"success": True, "message": _ALL_READ, "updated": updated}, _ALL_READ)

    @operation(
        "PUT",
        "/notification/seen",
        "markSeen",
        "Note that one has looked at one's notifications",
        access=Access.TOKEN,
        success=Success(
            200,
            SeenData,
            {"success": True, "message": _SEEN, "unseen": 0, "seen_up_to_seq": 125},
            _SEEN,
        ),
        example={"up_to_seq": 125},
    )
    async def seen(self, call: Call, body: MarkBody) -> Answer:
        """All, or all up to the last one that was on the screen. They stay unread."""
        unseen, seq = await self._notifications.mark_seen(call.caller.user_id, body.up_to_seq)
        content = {"success": True, "message": _SEEN, "unseen": unseen, "seen_up_to_seq": seq}
        return ok(content, _SEEN)

    @operation(
        "PUT",
        "/notification/{notification_id}/archive",
        "archiveNotification",
        "Archive a notification of one's own",
        access=Access.TOKEN,
        success=Success(200, DoneData, {"success": True, "message": _ARCHIVED}, _ARCHIVED),
        errors=OWNED_NOTIFICATION,
    )
    async def archive(self, call: Call, notification_id: fields.TextId) -> Answer:
        """It leaves the feed, and is read by that."""
        caller_id = call.caller.user_id
        changed = await self._notifications.set_archived(notification_id, caller_id, archived=True)
        message = _ARCHIVED if changed else _ARCHIVED_BEFORE
        return ok({"success": True, "message": message}, message)

    @operation(
        "PUT",
        "/notification/{notification_id}/unarchive",
        "unarchiveNotification",
        "Take a notification of one's own back into the feed",
        access=Access.TOKEN,
        success=Success(200, DoneData, {"success": True, "message": _UNARCHIVED}, _UNARCHIVED),
        errors=OWNED_NOTIFICATION,
    )
    async def unarchive(self, call: Call, notification_id: fields.TextId) -> Answer:
        """It is at its old place again, and stays read."""
        caller_id = call.caller.user_id
        changed = await self._notifications.set_archived(notification_id, caller_id, archived=False)
        message = _UNARCHIVED if changed else _NOT_ARCHIVED
        return ok({"success": True, "message": message}, message)

    @operation(
        "PUT",
        "/notification/{notification_id}/read",
        "readNotification",
        "Mark a notification of one's own as read",
        access=Access.TOKEN,
        success=Success(200, DoneData, {"success": True, "message": _READ}, _READ),
        errors=OWNED_NOTIFICATION,
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
        errors=OWNED_NOTIFICATION,
    )
    async def remove(self, call: Call, notification_id: fields.TextId) -> Answer:
        """The second time there is nothing left to remove."""
        await self._notifications.remove(notification_id, call.caller.user_id)
        return ok({"success": True, "message": _REMOVED}, _REMOVED)
