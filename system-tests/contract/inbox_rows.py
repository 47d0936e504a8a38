"""What people do with their inboxes, in rows as in `operation_rows`."""

from typing import Final

from contract.rows import Row

NO_NOTE: Final = "access to notification denied"
NO_EVENT: Final = "019b7d3a-6c11-7f0e-9b53-0d6f6a3d2c41"
SEEN: Final = "Notifications marked as seen"

HOURS: Final = {"start": "22:00", "end": "07:00", "time_zone": "Europe/Berlin"}

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
    Row("GET /notification/feed?grouped=true", 200, "notifications found", shows="groups limit"),
    Row(
        "GET /notification/feed?grouped=true&archived=true",
        400,
        "validation failed",
        issues=["archived"],
    ),
    Row(
        "GET /notification/{note}/why",
        200,
        "notification explained",
        shows="notification_id type seq made_at sent_by deliveries not_pushed",
    ),
    Row("GET /notification/{note}/why", 403, NO_NOTE, by="bob"),
    Row("GET /notification/{gone_note}/why", 404, "notification not found"),
    Row(
        f"GET /notification/explain?event_id={NO_EVENT}",
        200,
        "event explained",
        shows="event_id outcome",
    ),
    Row("GET /notification/explain", 400, "validation failed", issues=["event_id"]),
    Row("GET /notification/explain?event_id=17", 400, "invalid input"),
    Row("PUT /notification/{note}/archive", 200, "Notification archived", shows="success"),
    Row("PUT /notification/{note}/archive", 403, NO_NOTE, by="bob"),
    Row("PUT /notification/{gone_note}/archive", 404, "notification not found"),
    Row("PUT /notification/{archived_note}/archive", 200, "Notification already archived"),
    Row("PUT /notification/{archived_note}/unarchive", 200, "Notification unarchived"),
    Row("PUT /notification/{note}/unarchive", 200, "Notification not archived"),
    Row("PUT /notification/{note}/unarchive", 403, NO_NOTE, by="bob"),
    Row("GET /notification/preferences", 200, "preferences found", shows="types"),
    Row("PUT /notification/preferences", 200, "preferences saved", {"quiet_hours": HOURS}),
    Row(
        "PUT /notification/preferences",
        400,
        "validation failed",
        {"quiet_hours": {**HOURS, "time_zone": "Mars/Phobos"}},
        issues=["quiet_hours.time_zone"],
    ),
    Row(
        "PUT /notification/preferences",
        400,
        "validation failed",
        {"quiet_hours": {**HOURS, "end": HOURS["start"]}},
        issues=["quiet_hours.end"],
    ),
    Row("PUT /notification/preferences", 200, "preferences saved", shows="types"),
    Row("GET /notification/mutes", 200, "mutes found", shows="mutes"),
    Row("PUT /notification/mutes/{bob}", 200, "Muted successfully", shows="message"),
    Row("PUT /notification/mutes/{alice}", 400, "cannot mute yourself"),
    Row("PUT /notification/mutes/{nobody}", 404, "user not found"),
    Row("DELETE /notification/mutes/{bob}", 200, "Unmuted successfully", shows="message"),
    Row("DELETE /notification/mutes/{stranger}", 404, "mute not found"),
    Row("PUT /notification/{gone_note}/unarchive", 404, "notification not found"),
]
