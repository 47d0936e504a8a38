"""What can go wrong with a post."""

from service_kit.errors import (
    FailedPrecondition,
    FieldViolation,
    InvalidArgument,
    NotFound,
    Unauthenticated,
    Unavailable,
)
from service_kit.errors import PermissionDenied as Forbidden

__all__ = [
    "AuthorGone",
    "FieldViolation",
    "Forbidden",
    "InvalidArgument",
    "InvalidFilter",
    "InvalidPost",
    "PostNotFound",
    "StalePost",
    "TooManyIds",
    "Unavailable",
]


class PostNotFound(NotFound):
    """No post has this id."""

    code = "POST_NOT_FOUND"
    message = "post not found"


class StalePost(FailedPrecondition):
    """The post was changed since the caller read it."""

    code = "PRECONDITION_FAILED"
    message = "precondition failed"


class AuthorGone(Unauthenticated):
    """The account that would publish was deleted; a token of its may not have expired yet."""


class InvalidPost(InvalidArgument):
    """A part of a post breaks its rule; the violations say which."""


class InvalidFilter(InvalidArgument):
    """A filter of a list breaks its rule; the violations say which."""


class TooManyIds(InvalidArgument):
    """More posts are asked for than one batch gives."""

    def __init__(self, most: int) -> None:
        super().__init__(violations=[FieldViolation("ids", f"must be at most {most}")])
