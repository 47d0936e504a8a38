"""The port onto relation-service."""

from collections.abc import Sequence
from typing import Protocol

from api_gateway.domain.page import Page, PageRequest
from api_gateway.domain.relation import RelatedUser, Relation


class Relations(Protocol):
    """Who follows whom.

    Every method raises `Unavailable` or `DeadlineExceeded` where relation-service is not reached.
    """

    async def follow(self, follower_id: int, followee_id: int) -> None:
        """Make one follow the other.

        Raises InvalidArgument for oneself, NotFound for no such user, AlreadyExists.
        """
        ...

    async def unfollow(self, follower_id: int, followee_id: int) -> None:
        """End it. Raises InvalidArgument for oneself, NotFound where nothing is to end."""
        ...

    async def followers(self, user_id: int, request: PageRequest) -> Page[RelatedUser]:
        """Who follows the user, the latest first.

        Raises NotFound for no such user, InvalidArgument for a bad cursor.
        """
        ...

    async def followees(self, user_id: int, request: PageRequest) -> Page[RelatedUser]:
        """Whom the user follows; as `followers`."""
        ...

    async def check(self, user_id: int, ids: Sequence[int]) -> Sequence[Relation]:
        """How the user stands to each of at most 100 others: one answer for each distinct id."""
        ...
