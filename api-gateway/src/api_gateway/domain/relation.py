"""Who follows whom, as a client sees it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RelatedUser:
    """One end of a relation."""

    id: int
    username: str
    avatar_url: str | None = None


@dataclass(frozen=True, slots=True)
class Relation:
    """How the asking user stands to another one, `user_id`."""

    user_id: int
    following: bool
    followed_by: bool
