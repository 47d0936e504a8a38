"""What the use cases need from outside."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from relation_service.domain.events import Event, FollowCreated
from relation_service.domain.models import (
    FollowerIds,
    FollowPage,
    Pair,
    Person,
    Place,
    Relation,
    Side,
    Window,
)


class Follows(Protocol):
    """The relations there are."""

    async def page(self, side: Side, user_id: int, window: Window) -> FollowPage:
        """A part of a user's followers or followees, the newest first."""
        ...

    def followers(
        self, followee_id: int, after_id: int, batch_size: int
    ) -> AsyncIterator[Sequence[int]]:
        """The ids of all followers above `after_id`, ascending, in batches that are never empty."""
        ...

    async def follower_ids(self, places: Sequence[Place], limit: int) -> list[FollowerIds]:
        """Up to `limit` followers from each place on, in the order of the places."""
        ...

    async def relations(self, user_id: int, others: Sequence[int]) -> list[Relation]:
        """How a user stands to each of the others, in their order."""
        ...


class Users(Protocol):
    """The people behind the ids."""

    async def get_many(self, user_ids: Sequence[int]) -> dict[int, Person]:
        """Those of the ids that exist. Raises `Unavailable` where nobody can tell."""
        ...


class UnitOfWork(Protocol):
    """Changes that take effect together with their announcement, or not at all."""

    async def remove(self, pair: Pair) -> datetime | None:
        """When the relation ended; None where there was none."""
        ...

    async def forget(self, user_id: int) -> None:
        """Let a deleted user neither follow nor be followed from now on."""
        ...

    async def remove_some_of(self, user_id: int, most: int) -> list[Pair]:
        """End up to `most` relations of a user, on either side."""
        ...

    def emit(self, event: Event) -> None:
        """Announce an event when this unit of work is committed."""
        ...


class Units(Protocol):
    """Where units of work begin."""

    def begin(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """A unit that commits on a clean exit and rolls back on any exception."""
        ...

    async def follow(self, announced: FollowCreated) -> None:
        """Make the relation that is announced, and announce it, as a unit of its own.

        Raises `AlreadyFollowing`; `UserNotFound` where one of the two was deleted.
        """
        ...


class Clock(Protocol):
    """The time."""

    def __call__(self) -> datetime:
        """Now, in UTC."""
        ...
