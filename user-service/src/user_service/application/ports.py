"""What the use cases need from outside."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from user_service.domain.events import Event
from user_service.domain.models import NewUser, ProfileChange, User, UserPage


class Users(Protocol):
    """The users there are."""

    async def get(self, user_id: int) -> User | None:
        """The user with this id."""
        ...

    async def get_many(self, user_ids: Sequence[int]) -> list[User]:
        """Those of the ids that exist, in no particular order."""
        ...

    async def by_username(self, username: str) -> User | None:
        """The user with this name, in whatever case."""
        ...

    async def by_email(self, email: str) -> User | None:
        """The user with this e-mail, in whatever case."""
        ...

    async def search(self, query: str, *, with_email: bool, offset: int, limit: int) -> UserPage:
        """Users whose username or full name (or e-mail) contains `query`, ordered by id."""
        ...

    async def after(self, user_id: int, limit: int) -> UserPage:
        """The `limit` users that follow an id, ordered by id."""
        ...


class UnitOfWork(Protocol):
    """Changes that take effect together with their announcement, or not at all."""

    async def add(self, user: NewUser, idempotency_key: str | None) -> tuple[User, bool]:
        """The new user and True; the earlier one and False where the key was used before.

        Raises `UsernameTaken` and `EmailTaken`.
        """
        ...

    async def lock(self, user_id: int) -> User | None:
        """The user with this id; nobody else changes it until this unit ends."""
        ...

    async def change(self, user_id: int, change: ProfileChange) -> User:
        """The user afterwards; lock it first. Raises `UsernameTaken` and `EmailTaken`."""
        ...

    async def remove(self, user_id: int) -> User | None:
        """The user that is no more."""
        ...

    def emit(self, event: Event) -> None:
        """Announce an event when this unit of work is committed."""
        ...


class Units(Protocol):
    """Where units of work begin."""

    def begin(self, *user_ids: int) -> AbstractAsyncContextManager[UnitOfWork]:
        """A unit that commits on a clean exit and rolls back on any exception.

        It is told which users there are that it may change, for the sake of what is kept of them.
        """
        ...
