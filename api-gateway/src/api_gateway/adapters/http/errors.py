"""Errors over HTTP: which status a kind has, and the errors that only a web edge knows."""

from collections.abc import Mapping
from math import ceil
from typing import Final

from service_kit import errors
from service_kit.errors import AppError

from api_gateway.adapters.http.answer import Answer, refused

STATUS_OF: Final[Mapping[type[AppError], int]] = {
    errors.InvalidArgument: 400,
    errors.Unauthenticated: 401,
    errors.PermissionDenied: 403,
    errors.NotFound: 404,
    errors.AlreadyExists: 409,
    errors.FailedPrecondition: 412,
    errors.ResourceExhausted: 429,
    errors.Internal: 500,
    errors.Unavailable: 503,
    errors.DeadlineExceeded: 504,
}

CHALLENGE: Final = "Bearer"


class InvalidInput(errors.InvalidArgument):
    """The request cannot even be decoded."""

    code = "INVALID_INPUT"
    message = "invalid input"


class Overloaded(errors.Unavailable):
    """This process answers as many requests as it may."""

    code = "SERVER_OVERLOADED"
    message = "server is overloaded"


class EdgeError(AppError):
    """An error of HTTP itself; it names its own status and header fields."""

    status: int
    fields: Mapping[str, str] = {}


class PathNotFound(EdgeError):
    """No operation has this path."""

    status, code, message = 404, "NOT_FOUND", "resource not found"


class MethodNotAllowed(EdgeError):
    """The path has operations, but none with this method."""

    status, code, message = 405, "METHOD_NOT_ALLOWED", "method not allowed"

    def __init__(self, allow: str) -> None:
        super().__init__()
        self.fields = {"allow": allow}


class UpgradeRequired(EdgeError):
    """The path is a WebSocket's."""

    status, code, message = 426, "UPGRADE_REQUIRED", "upgrade required"
    fields: Mapping[str, str] = {
        "upgrade": "websocket",
        "connection": "Upgrade",
        "sec-websocket-version": "13",
    }


class BodyTooLarge(EdgeError):
    """The body is past the limit."""

    status, code, message = 413, "PAYLOAD_TOO_LARGE", "request body too large"
    fields: Mapping[str, str] = {"connection": "close"}


class BodyTooSlow(EdgeError):
    """The body did not come in time."""

    status, code, message = 408, "REQUEST_TIMEOUT", "request timeout"
    fields: Mapping[str, str] = {"connection": "close"}


class UnsupportedMediaType(EdgeError):
    """The body is of a type that the operation does not take."""

    status, code, message = 415, "UNSUPPORTED_MEDIA_TYPE", "unsupported media type"


class RangeNotSatisfiable(EdgeError):
    """The range begins beyond the end."""

    status, code, message = 416, "RANGE_NOT_SATISFIABLE", "range not satisfiable"

    def __init__(self, size: int) -> None:
        super().__init__()
        self.fields = {"content-range": f"bytes */{size}"}


class IdempotencyKeyInUse(EdgeError):
    """The first request with this key is still being answered."""

    status, code, message = 409, "IDEMPOTENCY_KEY_IN_USE", "request is already in progress"


class IdempotencyKeyReused(EdgeError):
    """The key was used for another request."""

    status, code, message = (
        422,
        "IDEMPOTENCY_KEY_REUSED",
        "idempotency key was used with another request",
    )


def status_of(error: AppError) -> int:
    """The HTTP status of an error."""
    if isinstance(error, EdgeError):
        return error.status
    return STATUS_OF[errors.kind_of(error)]


def answer_of(error: AppError, request_id: str) -> Answer:
    """The error in the envelope, with the header fields that belong to its kind."""
    status = status_of(error)
    answer = refused(
        status, error.code, error.message, request_id=request_id, violations=error.violations
    )
    if isinstance(error, EdgeError):
        for name, value in error.fields.items():
            answer.add(name, value)
    if status == 401:
        answer.add("www-authenticate", CHALLENGE)
    retry_after = error.retry_after
    if retry_after is None and status in (429, 503):
        retry_after = 1.0
    if retry_after is not None:
        answer.add("retry-after", str(max(1, ceil(retry_after))))
    return answer
