"""The ports in memory: other services here, what this one keeps in `tests.store`."""

from collections.abc import Collection, Mapping, Sequence

from service_kit.errors import Unavailable

from notification_service.domain.fan_out import Followers
from tests.store import InMemoryStore

__all__ = ["InMemoryFollowership", "InMemoryStore", "InMemoryUsers"]


class InMemoryUsers:
    """Everybody exists but the gone; `away` makes nobody able to tell."""

    def __init__(self) -> None:
        self.gone: set[int] = set()
        self.away = False
        self.calls: list[set[int]] = []

    async def usernames(self, user_ids: Collection[int]) -> Mapping[int, str]:
        self.calls.append(set(user_ids))
        if self.away:
            raise Unavailable
        return {key: f"user{key}" for key in user_ids if key not in self.gone}


class InMemoryFollowership:
    """Who follows whom."""

    def __init__(self, followers: Mapping[int, Sequence[int]]) -> None:
        self.followers = dict(followers)
        self.calls: list[list[tuple[int, int]]] = []
        self.away = False

    async def after(self, author_id: int, after_id: int, limit: int) -> Followers:
        if self.away:
            raise Unavailable
        rest = [key for key in self.followers.get(author_id, ()) if key > after_id]
        return Followers(tuple(rest[:limit]), is_last=len(rest) <= limit)

    async def of_many(self, places: Sequence[tuple[int, int]], limit: int) -> list[Followers]:
        self.calls.append(list(places))
        return [await self.after(*place, limit) for place in places]
