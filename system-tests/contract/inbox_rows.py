"""What people do with their inboxes, in rows as in `operation_rows`."""

from typing import Final

from contract.rows import Row

NO_NOTE: Final = "access to notification denied"
SEEN: Final = "Notifications marked as seen"

INBOX: Final = [
    Row(
        "GET /notification/unread-count",
        200,
        shows="count unseen seen_up_to_seq",
        message="unread notifications counted",
    ),
    Row("PUT /notification/seen", 200, SEEN, shows="success message unseen seen_up_to_seq"),
    Row("PUT /notification/seen", 200, SEEN, {"up_to_seq": 1}, shows="unseen"),
    Row(
        "PUT /notification/seen", 400, "validation failed", {"up_to_seq": -1}, issues=["up_to_seq"]
    ),
    Row("GET /notification/feed?archived=true", 200, "notifications found", shows="notifications"),
    Row("PUT /notification/{note}/archive", 200, "Notification archived", shows="success"),
    Row("PUT /notification/{note}/archive", 403, NO_NOTE, by="bob"),
    Row("PUT /notification/{gone_note}/archive", 404, "notification not found"),
    Row("PUT /notification/{archived_note}/archive", 200, "Notification already archived"),
    Row("PUT /notification/{archived_note}/unarchive", 200, "Notification unarchived"),
    Row("PUT /notification/{note}/unarchive", 200, "Notification not archived"),
    Row("PUT /notification/{note}/unarchive", 403, NO_NOTE, by="bob"),
    Row("PUT /notification/{gone_note}/unarchive", 404, "notification not found"),
]
