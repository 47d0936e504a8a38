"""What happened to an account, for the audit trail: never a secret, never what was typed."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from auth_service.domain.models import Client


class Kind(StrEnum):
    """The kinds of audit events."""

    REGISTERED = "registered"
    REGISTRATION_RESUMED = "registration_resumed"
    REGISTRATION_UNDONE = "registration_undone"
    LOGGED_IN = "logged_in"
    LOGIN_FAILED = "login_failed"
    REFRESHED = "refreshed"
    REFRESH_REPLAYED = "refresh_replayed"
    LOGGED_OUT = "logged_out"
    SESSION_REVOKED = "session_revoked"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - a kind of event
    PASSWORD_CHANGE_FAILED = "password_change_failed"  # noqa: S105 - a kind of event
    ACCOUNT_REMOVED = "account_removed"
    ROLE_GRANTED = "role_granted"
    ROLE_WITHDRAWN = "role_withdrawn"
    KEYS_ROTATED = "keys_rotated"


@dataclass(frozen=True, slots=True)
class AuthEvent:
    """Something that happened: to whom, in which session, from where, as far as it is known."""

    kind: Kind
    user_id: int | None = None
    session_id: UUID | None = None
    client: Client | None = None
    detail: str | None = None
