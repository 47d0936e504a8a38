"""What can go wrong with a notification."""

from service_kit.errors import (
    AlreadyExists,
    AppError,
    FieldViolation,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
    Unavailable,
)

__all__ = [
    "AccessDenied",
    "AlreadySent",
    "AppError",
    "CannotMuteYourself",
    "FieldViolation",
    "InvalidNotification",
    "MuteNotFound",
    "NotificationNotFound",
    "NotificationNotWanted",
    "StreamClosing",
    "SubscriberTooSlow",
    "Unavailable",
    "UserNotFound",
]


class NotificationNotFound(NotFound):
    """There is no such notification, or no longer."""

    code = "NOTIFICATION_NOT_FOUND"
    message = "notification not found"


class AccessDenied(PermissionDenied):
    """The notification is in somebody else's inbox."""

    code = "NOTIFICATION_ACCESS_DENIED"
    message = "access to notification denied"


class UserNotFound(NotFound):
    """There is no such user, or no longer."""

    code = "USER_NOT_FOUND"
    message = "user not found"


class NotificationNotWanted(PermissionDenied):
    """The receiver wants no notifications of this type."""

    code = "NOTIFICATION_NOT_WANTED"
    message = "user does not want such notifications"


class CannotMuteYourself(InvalidArgument):
    """One hears nothing of one's own posts anyway."""

    code = "CANNOT_MUTE_YOURSELF"
    message = "cannot mute yourself"


class MuteNotFound(NotFound):
    """The person is not muted."""

    code = "MUTE_NOT_FOUND"
    message = "mute not found"


class AlreadySent(AlreadyExists):
    """The sender has used this idempotency key before."""

    code = "NOTIFICATION_ALREADY_SENT"
    message = "notification already sent"


class InvalidNotification(InvalidArgument):
    """A field breaks its rule; the violations say which."""


class SubscriberTooSlow(ResourceExhausted):
    """A subscriber reads its stream too slowly; it comes back and asks for what it missed."""

    code = "SUBSCRIBER_TOO_SLOW"
    message = "subscriber too slow"


class StreamClosing(Unavailable):
    """This process is about to stop; another one serves the stream."""

    code = "STREAM_CLOSING"
    message = "stream closing"
