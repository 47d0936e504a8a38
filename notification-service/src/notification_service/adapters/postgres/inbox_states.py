"""An inbox as the statements that change it return it, and hold it."""

from typing import Final

from service_kit.database import Row

from notification_service.domain.models import InboxState

STATE: Final = """
inbox.user_id, inbox.last_seq, inbox.unread, inbox.total, inbox.version, inbox.unseen,
inbox.seen_seq, inbox.archived, inbox.live_seq
"""
"""The columns of `state_from_row`, of `inboxes AS inbox`."""

IS_UNREAD: Final = "read_at IS NULL AND withdrawn_at IS NULL"

# What changes notifications of one inbox holds it in a statement before: the next one then sees
# whatever the one before it has committed.
HOLD: Final = """
SELECT last_seq FROM inboxes WHERE user_id = $1 AND closed_at IS NULL FOR UPDATE
"""


def state_from_row(row: Row) -> InboxState:
    """The state that a row with the columns of `STATE` has."""
    return InboxState(**{name: row[name] for name in InboxState.__match_args__})
