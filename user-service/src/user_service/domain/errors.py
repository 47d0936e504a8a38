"""What can go wrong with a profile."""

from service_kit.errors import (
    AlreadyExists,
    FailedPrecondition,
    FieldViolation,
    InvalidArgument,
    NotFound,
)
from service_kit.errors import PermissionDenied as Forbidden

__all__ = [
    "EmailTaken",
    "FieldViolation",
    "Forbidden",
    "InvalidProfile",
    "InvalidSearchQuery",
    "StaleUser",
    "TooManyIds",
    "UserNotFound",
    "UsernameTaken",
]


class UserNotFound(NotFound):
    """No user has this id, name or e-mail."""

    code = "USER_NOT_FOUND"
    message = "user not found"


class UsernameTaken(AlreadyExists):
    """Another user has this username, in whatever case."""

    code = "USERNAME_TAKEN"
    message = "username already exists"


class EmailTaken(AlreadyExists):
    """Another user has this e-mail, in whatever case."""

    code = "EMAIL_TAKEN"
    message = "email already exists"


class InvalidProfile(InvalidArgument):
    """A field of a profile breaks its rule; the violations say which."""


class StaleUser(FailedPrecondition):
    """The profile was changed since the caller read it."""

    code = "PRECONDITION_FAILED"
    message = "precondition failed"


class InvalidSearchQuery(InvalidArgument):
    """There is nothing to search for."""

    code = "INVALID_SEARCH_QUERY"
    message = "invalid search query"


class TooManyIds(InvalidArgument):
    """More users are asked for than one batch gives."""

    def __init__(self, most: int) -> None:
        super().__init__(violations=[FieldViolation("ids", f"must be at most {most}")])
