"""What can go wrong with an account, a login or a session."""

from service_kit.errors import (
    AlreadyExists,
    FieldViolation,
    InvalidArgument,
    NotFound,
    ResourceExhausted,
    Unauthenticated,
    Unavailable,
)

__all__ = [
    "AccountNotFound",
    "FieldViolation",
    "IdempotencyKeyReused",
    "InvalidAccount",
    "InvalidCredentials",
    "InvalidRefreshToken",
    "Overloaded",
    "RegistrationBusy",
    "SessionNotFound",
    "TooManyAttempts",
    "WrongPassword",
]


class InvalidAccount(InvalidArgument):
    """A field of an account or of a login breaks its rule; the violations say which."""


class InvalidCredentials(Unauthenticated):
    """A login failed. It says nothing about which half was wrong."""

    code = "INVALID_CREDENTIALS"
    message = "invalid credentials: wrong password or user not found"


class WrongPassword(Unauthenticated):
    """The password that is to be changed is another one."""

    code = "INVALID_CREDENTIALS"
    message = "invalid credentials"


class InvalidRefreshToken(Unauthenticated):
    """A refresh token is unknown, too old, spent, or its session has ended."""

    code = "INVALID_REFRESH_TOKEN"
    message = "invalid refresh token"


class SessionNotFound(NotFound):
    """The user has no living session with this id."""

    code = "SESSION_NOT_FOUND"
    message = "session not found"


class AccountNotFound(NotFound):
    """There are no credentials for this user."""

    code = "ACCOUNT_NOT_FOUND"
    message = "account not found"


class TooManyAttempts(ResourceExhausted):
    """Too many wrong passwords of late; `retry_after` says when to try again."""

    code = "TOO_MANY_ATTEMPTS"
    message = "too many failed attempts"


class Overloaded(Unavailable):
    """More passwords wait to be checked than can be checked in reasonable time."""

    code = "OVERLOADED"
    message = "too many sign-ins at once"


class RegistrationBusy(Unavailable):
    """An earlier attempt under the same idempotency key is just being undone."""

    code = "REGISTRATION_BUSY"
    message = "registration in progress"


class IdempotencyKeyReused(AlreadyExists):
    """The idempotency key belongs to the registration of another account."""

    code = "IDEMPOTENCY_KEY_REUSED"
    message = "idempotency key already used for another registration"
