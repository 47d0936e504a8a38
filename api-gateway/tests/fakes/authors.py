"""The part of user-service that posts need, in memory."""

from collections.abc import Collection
from datetime import UTC, datetime

from service_kit.errors import AppError

from api_gateway.domain.user import UserView


class InMemoryAuthors:
    """Profiles by id; remembers what was asked, and raises `failure` where there is one."""

    def __init__(self, *users: UserView) -> None:
        self.users = {user.id: user for user in users}
        self.failure: AppError | None = None
        self.asked: list[tuple[int, ...]] = []

    async def get(self, user_id: int) -> UserView | None:
        return (await self.get_many([user_id])).get(user_id)

    async def get_many(self, user_ids: Collection[int]) -> dict[int, UserView]:
        self.asked.append(tuple(user_ids))
        if self.failure is not None:
            raise self.failure
        return {number: self.users[number] for number in user_ids if number in self.users}


def an_author(number: int, username: str, **optional: str) -> UserView:
    """A profile; `optional` is any of full_name, bio and avatar_url."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return UserView(number, username, f"{username}@example.com", at, at, **optional)
