"""The error vocabulary of every service: a kind, a stable code, a message."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One thing that is wrong with one field of a request."""

    field: str
    issue: str


class AppError(Exception):
    """Something went wrong that the caller can be told.

    `code` is stable and upper-case, `message` a short human sentence; both travel unchanged over
    any number of hops. `retry_after` is in seconds. Subclass one of the kinds below, not this.
    """

    code: str = "INTERNAL"
    message: str = "internal error"
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str | None = None,
        *,
        code: str | None = None,
        violations: Sequence[FieldViolation] = (),
        retry_after: float | None = None,
    ) -> None:
        self.message = self.message if message is None else message
        self.code = self.code if code is None else code
        self.violations = tuple(violations)
        self.retry_after = retry_after
        super().__init__(self.message)


class InvalidArgument(AppError):
    """The request is wrong, whatever the state of the system."""

    code = "VALIDATION_FAILED"
    message = "validation failed"


class Unauthenticated(AppError):
    """Nobody knows who is calling."""

    code = "UNAUTHENTICATED"
    message = "unauthenticated"


class PermissionDenied(AppError):
    """The caller is known and may not do this."""

    code = "FORBIDDEN"
    message = "forbidden"


class NotFound(AppError):
    """What the request names does not exist."""

    code = "NOT_FOUND"
    message = "not found"


class AlreadyExists(AppError):
    """What the request would create exists."""

    code = "ALREADY_EXISTS"
    message = "already exists"


class FailedPrecondition(AppError):
    """The state of the system does not allow this now."""

    code = "FAILED_PRECONDITION"
    message = "failed precondition"


class ResourceExhausted(AppError):
    """A limit is reached; `retry_after` says when to come back."""

    code = "RATE_LIMITED"
    message = "too many requests"


class Unavailable(AppError):
    """Something that the request needs is away; the same request may work later."""

    code = "UNAVAILABLE"
    message = "external service unavailable"
    retryable = True


class DeadlineExceeded(AppError):
    """The time ran out. Raised where a call is made or served, never by a domain."""

    code = "DEADLINE_EXCEEDED"
    message = "external service timeout"


class Internal(AppError):
    """A defect, seen from the other side of a call. Raised by clients only."""

    code = "INTERNAL"
    message = "internal error"


KINDS: tuple[type[AppError], ...] = (
    InvalidArgument,
    Unauthenticated,
    PermissionDenied,
    NotFound,
    AlreadyExists,
    FailedPrecondition,
    ResourceExhausted,
    Unavailable,
    DeadlineExceeded,
    Internal,
)


def kind_of(error: AppError) -> type[AppError]:
    """The kind that an error is of; `Internal` for one that is of none."""
    return next((kind for kind in KINDS if isinstance(error, kind)), Internal)
