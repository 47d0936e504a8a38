"""The follow relation and the pages that it is read in."""

from dataclasses import dataclass
from typing import Final, Literal

from relation_service.domain.errors import (
    CannotFollowYourself,
    CannotUnfollowYourself,
    FieldViolation,
    InvalidIds,
)

LARGEST_ID: Final = 2**63 - 1
MOST_CHECKED: Final = 100
MOST_FOLLOWEES: Final = 64
"""Whose followers are told in one answer: with as many of each, half a gRPC message at the most."""
LARGEST_BATCH: Final = 10_000
"""Followers of one of them, likewise."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A follower and a followee, in this order."""

    follower_id: int
    followee_id: int

    def to_follow(self) -> "Pair":
        """This pair, if one may follow the other. Raises `InvalidIds`, `CannotFollowYourself`."""
        self._check_ids()
        if self.follower_id == self.followee_id:
            raise CannotFollowYourself
        return self

    def to_unfollow(self) -> "Pair":
        """This pair, if it can be parted. Raises `InvalidIds`, `CannotUnfollowYourself`."""
        self._check_ids()
        if self.follower_id == self.followee_id:
            raise CannotUnfollowYourself
        return self

    def _check_ids(self) -> None:
        check_id("follower_id", self.follower_id)
        check_id("followee_id", self.followee_id)


def check_id(field: str, value: int) -> None:
    """Raises `InvalidIds` for what no user can have as an id."""
    if not 1 <= value <= LARGEST_ID:
        raise InvalidIds(violations=[FieldViolation(field, "must be an integer of 1 or more")])


Side = Literal["followers", "followees"]
"""Which end of a user's relations a list shows."""


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a list: below the relation `before` (0: the newest), or `offset` rows on."""

    limit: int
    before: int = 0
    offset: int = 0


@dataclass(frozen=True, slots=True)
class FollowPage:
    """A part of a list, newest first: relation ids, the other end's user ids, its length.

    `more` says whether anything follows.
    """

    follow_ids: tuple[int, ...]
    user_ids: tuple[int, ...]
    more: bool
    total: int
    total_is_estimate: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """What a list shows of a user."""

    id: int
    username: str
    avatar_url: str | None = None


DELETED: Final = Person(id=0, username="deleted")
"""Stands for a user who is gone while their relations are still being removed."""


@dataclass(frozen=True, slots=True)
class PersonPage:
    """A part of a list with its people; the next part, if any, is below `last_follow_id`."""

    people: tuple[Person, ...]
    total: int
    total_is_estimate: bool
    last_follow_id: int | None


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the followers of somebody: behind the one with the id `after_id`."""

    followee_id: int
    after_id: int = 0


@dataclass(frozen=True, slots=True)
class FollowerIds:
    """Some followers, ascending; `is_last` where none come after them."""

    ids: tuple[int, ...]
    is_last: bool


@dataclass(frozen=True, slots=True)
class Relation:
    """How one user stands to another."""

    user_id: int
    following: bool
    followed_by: bool
