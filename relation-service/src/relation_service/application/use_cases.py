"""What one can do with relations."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

from relation_service.application.ports import Clock, Follows, Units, Users
from relation_service.domain.errors import (
    FieldViolation,
    FollowNotFound,
    InvalidIds,
    UserNotFound,
)
from relation_service.domain.events import FollowCreated, FollowDeleted
from relation_service.domain.models import (
    DELETED,
    LARGEST_BATCH,
    MOST_CHECKED,
    MOST_FOLLOWEES,
    FollowerIds,
    Pair,
    PersonPage,
    Place,
    Relation,
    Side,
    Window,
    check_id,
)

REMOVED_AT_ONCE: Final = 500
"""Relations of a deleted user that end in one transaction."""


@dataclass(frozen=True, slots=True)
class Relations:
    """The use cases of relation-service."""

    follows: Follows
    users: Users
    units: Units
    clock: Clock

    async def follow(self, pair: Pair) -> None:
        """Make the follower follow the followee.

        Raises `InvalidIds`, `CannotFollowYourself`, `UserNotFound`, `AlreadyFollowing`.
        """
        pair.to_follow()
        if pair.followee_id not in await self.users.get_many([pair.followee_id]):
            raise UserNotFound
        await self.units.follow(FollowCreated(pair, self.clock()))

    async def unfollow(self, pair: Pair) -> None:
        """End it. Raises `InvalidIds`, `CannotUnfollowYourself`, `FollowNotFound`."""
        pair.to_unfollow()
        async with self.units.begin() as unit:
            ended_at = await unit.remove(pair)
            if ended_at is None:
                raise FollowNotFound
            unit.emit(FollowDeleted(pair, ended_at))

    async def page(self, side: Side, user_id: int, window: Window) -> PersonPage:
        """A part of a user's followers or followees. Raises `InvalidIds`, `UserNotFound`."""
        check_id("user_id", user_id)
        page = await self.follows.page(side, user_id, window)
        people = await self.users.get_many(list(dict.fromkeys([user_id, *page.user_ids])))
        if user_id not in people:
            raise UserNotFound
        return PersonPage(
            people=tuple(people.get(other, DELETED) for other in page.user_ids),
            total=page.total,
            total_is_estimate=page.total_is_estimate,
            last_follow_id=page.follow_ids[-1] if page.more else None,
        )

    def followers(
        self, followee_id: int, after_id: int, batch_size: int
    ) -> AsyncIterator[Sequence[int]]:
        """The ids of all followers above `after_id`, ascending, in batches. Raises `InvalidIds`."""
        check_id("followee_id", followee_id)
        return self.follows.followers(followee_id, after_id, batch_size)

    async def follower_ids(self, places: Sequence[Place], limit: int) -> list[FollowerIds]:
        """Up to `limit` followers from each of up to 64 places on. Raises `InvalidIds`."""
        if len(places) > MOST_FOLLOWEES:
            raise InvalidIds(violations=[FieldViolation("followees", f"at most {MOST_FOLLOWEES}")])
        if not 1 <= limit <= LARGEST_BATCH:
            raise InvalidIds(violations=[FieldViolation("limit", f"from 1 to {LARGEST_BATCH}")])
        for place in places:
            check_id("followees.followee_id", place.followee_id)
        return await self.follows.follower_ids(places, limit) if places else []

    async def check(self, user_id: int, others: Sequence[int]) -> list[Relation]:
        """How a user stands to each of up to 100 others. Raises `InvalidIds`."""
        distinct = list(dict.fromkeys(others))
        if len(distinct) > MOST_CHECKED:
            raise InvalidIds(violations=[FieldViolation("ids", f"at most {MOST_CHECKED}")])
        for other in (user_id, *distinct):
            check_id("ids", other)
        return await self.follows.relations(user_id, distinct) if distinct else []

    async def user_deleted(self, user_id: int) -> None:
        """End every relation of a user who is gone; the same again ends what a crash has left."""
        async with self.units.begin() as unit:
            await unit.forget(user_id)
        while await self._remove_some_of(user_id):
            pass

    async def _remove_some_of(self, user_id: int) -> bool:
        now = self.clock()
        async with self.units.begin() as unit:
            pairs = await unit.remove_some_of(user_id, REMOVED_AT_ONCE)
            for pair in pairs:
                unit.emit(FollowDeleted(pair, now))
        return bool(pairs)  # fewer than asked for may be removed while others end follows
