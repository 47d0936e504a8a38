"""What can go wrong between two people."""

from service_kit.errors import AlreadyExists, FieldViolation, InvalidArgument, NotFound

__all__ = [
    "AlreadyFollowing",
    "CannotFollowYourself",
    "CannotUnfollowYourself",
    "FieldViolation",
    "FollowNotFound",
    "InvalidIds",
    "UserNotFound",
]


class UserNotFound(NotFound):
    """There is no such user, or no longer."""

    code = "USER_NOT_FOUND"
    message = "user not found"


class AlreadyFollowing(AlreadyExists):
    """The follower follows the followee already."""

    code = "ALREADY_FOLLOWING"
    message = "already following this user"


class FollowNotFound(NotFound):
    """The follower does not follow the followee."""

    code = "FOLLOW_NOT_FOUND"
    message = "follow relation not found"


class CannotFollowYourself(InvalidArgument):
    """Follower and followee are one."""

    code = "CANNOT_FOLLOW_YOURSELF"
    message = "cannot follow yourself"


class CannotUnfollowYourself(InvalidArgument):
    """Follower and followee are one."""

    code = "CANNOT_UNFOLLOW_YOURSELF"
    message = "cannot unfollow yourself"


class InvalidIds(InvalidArgument):
    """An id that no user can have, or too many ids; the violations say which."""
