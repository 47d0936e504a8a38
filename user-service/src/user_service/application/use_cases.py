"""What one can do with profiles."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from user_service.application.ports import UnitOfWork, Units, Users
from user_service.domain.errors import (
    Forbidden,
    InvalidSearchQuery,
    StaleUser,
    TooManyIds,
    UserNotFound,
)
from user_service.domain.events import UserCreated, UserDeleted, UserUpdated
from user_service.domain.models import NewUser, ProfileChange, User, UserPage, check_key
from user_service.domain.rules import is_username

T = TypeVar("T")

MOST_IDS: Final = 1000
"""Users that one batch may ask for."""
NUL: Final = "\0"
"""No name or e-mail has this character, and PostgreSQL can't even be asked for it."""


@dataclass(frozen=True, slots=True)
class Profiles:
    """The use cases of user-service."""

    users: Users
    units: Units

    async def create(self, user: NewUser, idempotency_key: str | None) -> User:
        """A new user, or the one that the same key made before.

        Raises `UsernameTaken`, `EmailTaken` and `InvalidProfile` (the key).
        """
        check_key(idempotency_key)
        async with self.units.begin() as unit:
            created, is_new = await unit.add(user, idempotency_key)
            if is_new:
                unit.emit(UserCreated(created))
        return created

    async def get(self, user_id: int) -> User:
        """The user with this id. Raises `UserNotFound`."""
        return _found(await self.users.get(user_id))

    async def by_username(self, username: str) -> User:
        """The user with this name, in whatever case. Raises `UserNotFound`.

        What is no name is nobody's, whatever else a store takes for the same letter.
        """
        return _found(await self.users.by_username(username) if is_username(username) else None)

    async def by_email(self, email: str) -> User:
        """The user with this e-mail, in whatever case. Raises `UserNotFound`."""
        return _found(None if NUL in email else await self.users.by_email(email))

    async def get_many(self, user_ids: Sequence[int]) -> list[User]:
        """Those of the ids that exist. Raises `TooManyIds` for more than `MOST_IDS`."""
        wanted = list(dict.fromkeys(user_ids))
        if len(wanted) > MOST_IDS:
            raise TooManyIds(MOST_IDS)
        return await self.users.get_many(wanted) if wanted else []

    async def search(self, query: str, *, with_email: bool, offset: int, limit: int) -> UserPage:
        """Users that `query` is found in. Raises `InvalidSearchQuery` where it is no text."""
        if not query or NUL in query:
            raise InvalidSearchQuery
        return await self.users.search(query, with_email=with_email, offset=offset, limit=limit)

    async def list(self, after: int, limit: int) -> UserPage:
        """The page of all users that follows an id."""
        return await self.users.after(after, limit)

    async def update(
        self,
        user_id: int,
        change: ProfileChange,
        caller_id: int | None,
        expected: datetime | None = None,
    ) -> User:
        """The user after the change; `expected` is the `updated_at` that it is based on.

        Raises `Forbidden` (not the caller's own), `UserNotFound`, `StaleUser`, `UsernameTaken`,
        `EmailTaken`.
        """
        _own(user_id, caller_id)
        async with self.units.begin(user_id) as unit:
            before = await _held(unit, user_id, expected)
            changed = change.changed(before)
            if not changed:
                return before
            after = await unit.change(user_id, change)
            renamed = before.username if "username" in changed else None
            unit.emit(UserUpdated(after, changed, renamed))
        return after

    async def delete(
        self, user_id: int, caller_id: int | None, expected: datetime | None = None
    ) -> None:
        """Remove the account. Raises `Forbidden`, `UserNotFound` and `StaleUser`."""
        _own(user_id, caller_id)
        async with self.units.begin(user_id) as unit:
            if expected is not None:
                await _held(unit, user_id, expected)
            unit.emit(UserDeleted(_found(await unit.remove(user_id))))


async def _held(unit: UnitOfWork, user_id: int, expected: datetime | None) -> User:
    """The user as it is, for as long as the unit lasts."""
    user = _found(await unit.lock(user_id))
    if expected is not None and user.updated_at != expected:
        raise StaleUser
    return user


def _own(user_id: int, caller_id: int | None) -> None:
    """A caller may change only its own account; without one a service acts on its own behalf."""
    if caller_id is not None and caller_id != user_id:
        raise Forbidden


def _found(found: T | None) -> T:
    if found is None:
        raise UserNotFound
    return found
