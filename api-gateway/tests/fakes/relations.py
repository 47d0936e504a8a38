"""relation-service in memory."""

from collections.abc import Sequence

from service_kit.errors import AlreadyExists, InvalidArgument, NotFound

from api_gateway.domain.page import Page, PageRequest
from api_gateway.domain.relation import RelatedUser, Relation
from tests.fakes.depth import reachable


class InMemoryRelations:
    """Follows among `users`; cursors are `after:<id>`."""

    def __init__(self, *users: RelatedUser) -> None:
        self.users = {user.id: user for user in users}
        self.follows: list[tuple[int, int]] = []

    async def follow(self, follower_id: int, followee_id: int) -> None:
        if follower_id == followee_id:
            raise InvalidArgument("cannot follow yourself", code="CANNOT_FOLLOW_YOURSELF")
        self._require(followee_id)
        if (follower_id, followee_id) in self.follows:
            raise AlreadyExists("already following this user", code="ALREADY_FOLLOWING")
        self.follows.append((follower_id, followee_id))

    async def unfollow(self, follower_id: int, followee_id: int) -> None:
        if follower_id == followee_id:
            raise InvalidArgument("cannot unfollow yourself", code="CANNOT_UNFOLLOW_YOURSELF")
        if (follower_id, followee_id) not in self.follows:
            raise NotFound("follow relation not found", code="FOLLOW_NOT_FOUND")
        self.follows.remove((follower_id, followee_id))

    async def followers(self, user_id: int, request: PageRequest) -> Page[RelatedUser]:
        self._require(user_id)
        ids = [one for one, other in reversed(self.follows) if other == user_id]
        return _page([self.users[number] for number in ids], request)

    async def followees(self, user_id: int, request: PageRequest) -> Page[RelatedUser]:
        self._require(user_id)
        ids = [other for one, other in reversed(self.follows) if one == user_id]
        return _page([self.users[number] for number in ids], request)

    async def check(self, user_id: int, ids: Sequence[int]) -> Sequence[Relation]:
        return [
            Relation(other, (user_id, other) in self.follows, (other, user_id) in self.follows)
            for other in dict.fromkeys(ids)
        ]

    def _require(self, user_id: int) -> None:
        if user_id not in self.users:
            raise NotFound("user not found", code="USER_NOT_FOUND")


def _page(users: Sequence[RelatedUser], request: PageRequest) -> Page[RelatedUser]:
    start = reachable(request.offset)
    if request.cursor:
        start = [f"after:{user.id}" for user in users].index(request.cursor) + 1
    items = tuple(users[start : start + request.limit])
    more = start + request.limit < len(users)
    return Page(items, len(users), f"after:{items[-1].id}" if items and more else "")
