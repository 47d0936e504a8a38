"""What one can do with profiles."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from user_service.application.ports import Units, Users
from user_service.domain.errors import Forbidden, InvalidSearchQuery, UserNotFound
from user_service.domain.events import UserCreated, UserDeleted, UserUpdated
from user_service.domain.models import NewUser, ProfileChange, User, UserPage

T = TypeVar("T")

MOST_IDS = 1000
"""Users that one batch may ask for; the rest of a longer one is a caller's defect."""


@dataclass(frozen=True, slots=True)
class Profiles:
    """The use cases of user-service."""

    users: Users
    units: Units

    async def create(self, user: NewUser, idempotency_key: str | None) -> User:
        """A new user, or the one that the same key made before.

        Raises `UsernameTaken` and `EmailTaken`.
        """
        async with self.units.begin() as unit:
            created, is_new = await unit.add(user, idempotency_key)
            if is_new:
                unit.emit(UserCreated(created))
        return created

    async def get(self, user_id: int) -> User:
        """The user with this id. Raises `UserNotFound`."""
        return _found(await self.users.get(user_id))

    async def by_username(self, username: str) -> User:
        """The user with this name, in whatever case. Raises `UserNotFound`."""
        return _found(await self.users.by_username(username))

    async def by_email(self, email: str) -> User:
        """The user with this e-mail, in whatever case. Raises `UserNotFound`."""
        return _found(await self.users.by_email(email))

    async def get_many(self, user_ids: Sequence[int]) -> list[User]:
        """Those of the ids that exist."""
        return await self.users.get_many(list(dict.fromkeys(user_ids))[:MOST_IDS])

    async def search(self, query: str, *, with_email: bool, offset: int, limit: int) -> UserPage:
        """Users that `query` is found in. Raises `InvalidSearchQuery` where it is empty."""
        if not query:
            raise InvalidSearchQuery
        return await self.users.search(query, with_email=with_email, offset=offset, limit=limit)

    async def list(self, after: int, limit: int) -> UserPage:
        """The page of all users that follows an id."""
        return await self.users.after(after, limit)

    async def update(self, user_id: int, change: ProfileChange, caller_id: int | None) -> User:
        """The user after the change.

        Raises `Forbidden` (not the caller's own), `UserNotFound`, `UsernameTaken`, `EmailTaken`.
        """
        _own(user_id, caller_id)
        async with self.units.begin() as unit:
            before, after = _found(await unit.change(user_id, change))
            changed = tuple(
                name for name in change.given() if getattr(before, name) != getattr(after, name)
            )
            if changed:
                renamed = before.username if "username" in changed else None
                unit.emit(UserUpdated(after, changed, renamed))
        return after

    async def delete(self, user_id: int, caller_id: int | None) -> None:
        """Remove the account. Raises `Forbidden` and `UserNotFound`."""
        _own(user_id, caller_id)
        async with self.units.begin() as unit:
            unit.emit(UserDeleted(_found(await unit.remove(user_id))))


def _own(user_id: int, caller_id: int | None) -> None:
    """A caller may change only its own account; without one a service acts on its own behalf."""
    if caller_id is not None and caller_id != user_id:
        raise Forbidden


def _found(found: T | None) -> T:
    if found is None:
        raise UserNotFound
    return found
