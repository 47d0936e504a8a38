"""user-service in memory."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from service_kit.errors import (
    AlreadyExists,
    AppError,
    FailedPrecondition,
    NotFound,
    PermissionDenied,
)

from api_gateway.domain.page import Page, PageRequest
from api_gateway.domain.user import ProfileChange, UserView

AT = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)


def a_user(number: int, username: str, **optional: str) -> UserView:
    """A profile; `optional` is any of full_name, bio and avatar_url."""
    return UserView(number, username, f"{username}@example.org", AT, AT, **optional)


class InMemoryUsers:
    """Profiles by id; raises `failure` where there is one."""

    def __init__(self, *users: UserView) -> None:
        self.users = {user.id: user for user in users}
        self.failure: AppError | None = None
        self.requests: list[PageRequest] = []

    async def get(self, user_id: int) -> UserView | None:
        if self.failure is not None:
            raise self.failure
        return self.users.get(user_id)

    async def get_many(self, user_ids: Collection[int]) -> dict[int, UserView]:
        return {number: self.users[number] for number in user_ids if number in self.users}

    async def by_username(self, username: str) -> UserView | None:
        return self._first(lambda user: user.username.lower() == username.lower())

    async def by_email(self, email: str) -> UserView | None:
        return self._first(lambda user: user.email.lower() == email.lower())

    async def page(self, request: PageRequest) -> Page[UserView]:
        self.requests.append(request)
        begin = int(request.cursor) if request.cursor else request.offset
        return self._part(list(self.users.values()), begin, request.limit)

    async def search(
        self, query: str, request: PageRequest, *, include_email: bool
    ) -> Page[UserView]:
        self.requests.append(request)
        wanted = query.lower()
        found = [
            user
            for user in self.users.values()
            if wanted in user.username.lower()
            or wanted in (user.full_name or "").lower()
            or (include_email and wanted in user.email.lower())
        ]
        return replace(self._part(found, request.offset, request.limit), next_cursor="")

    async def update(
        self,
        caller_id: int,
        user_id: int,
        change: ProfileChange,
        expected: datetime | None = None,
    ) -> UserView:
        user = self._owned(caller_id, user_id, expected)
        for other in self.users.values():
            if other.id != user_id and other.username == change.username:
                raise AlreadyExists("username already exists", code="USERNAME_TAKEN")
            if other.id != user_id and other.email == change.email:
                raise AlreadyExists("email already exists", code="EMAIL_TAKEN")
        given = dict(change.given())
        cleared = {name: None for name in ("full_name", "bio") if given.get(name) == ""}
        changed = replace(user, **{**given, **cleared})  # type: ignore[arg-type]
        if changed != user:
            changed = replace(changed, updated_at=user.updated_at + timedelta(seconds=1))
        self.users[user_id] = changed
        return changed

    async def update_avatar(
        self, caller_id: int, user_id: int, avatar_url: str, expected: datetime | None = None
    ) -> None:
        user = self._owned(caller_id, user_id, expected)
        self.users[user_id] = replace(user, avatar_url=avatar_url)

    async def delete(self, caller_id: int, user_id: int, expected: datetime | None = None) -> None:
        self._owned(caller_id, user_id, expected)
        del self.users[user_id]

    def _owned(self, caller_id: int, user_id: int, expected: datetime | None) -> UserView:
        if caller_id != user_id:
            raise PermissionDenied
        if user_id not in self.users:
            raise NotFound("user not found", code="USER_NOT_FOUND")
        if expected is not None and self.users[user_id].updated_at != expected:
            raise FailedPrecondition("precondition failed", code="PRECONDITION_FAILED")
        return self.users[user_id]

    def _first(self, condition: Callable[[UserView], bool]) -> UserView | None:
        return next(filter(condition, self.users.values()), None)

    def _part(self, users: list[UserView], begin: int, limit: int) -> Page[UserView]:
        end = begin + limit
        following = str(end) if end < len(users) else ""
        return Page(tuple(users[begin:end]), len(users), following)
