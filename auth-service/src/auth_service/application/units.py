"""Units of work: changes that take effect together, with their audit events, or not at all."""

from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from auth_service.domain.events import AuthEvent
from auth_service.domain.models import (
    Client,
    Grant,
    Lives,
    PresentedToken,
    Role,
    SigningKey,
)
from auth_service.domain.throttle import Charge


class AccountChanges(Protocol):
    """Changes of credentials."""

    async def complete(self, registration_id: UUID, user_id: int) -> bool:
        """Store the credential of a registration and finish it.

        True where it was finished before, too; False where it is being undone, or is gone.
        """
        ...

    async def change_password(self, user_id: int, version: int, password_hash: str) -> bool:
        """Replace the hash and count `version` up; False where that is not the version any more."""
        ...

    async def rehash(self, user_id: int, version: int, password_hash: str) -> None:
        """Keep the same password under a new hash, if `version` is still the one."""
        ...

    async def remove(self, user_ids: Collection[int]) -> None:
        """Forget credentials, sessions and registrations."""
        ...

    async def set_role(self, user_id: int, role: Role, *, granted: bool) -> tuple[Role, ...] | None:
        """Add or take away a role; the roles afterwards, None where there is no such account."""
        ...


class SessionChanges(Protocol):
    """Changes of sessions. Ended ones make their access tokens void by a revocation."""

    async def open(
        self, user_id: int, version: int | None, client: Client, digest: bytes, lives: Lives
    ) -> Grant | None:
        """A new session whose first refresh token has this digest.

        None where the password is not that `version` any more (None: any will do).
        """
        ...

    async def present(self, digest: bytes) -> PresentedToken | None:
        """What is known of a refresh token; its session is locked until the unit ends."""
        ...

    async def lock_all(self, user_id: int) -> None:
        """Have whoever signs in as the user, or presents a token, wait until the unit ends."""
        ...

    async def rotate(
        self, token: PresentedToken, digest: bytes, successor: bytes, lives: Lives
    ) -> None:
        """Spend the token of `digest`; the next one of the family has the digest `successor`."""
        ...

    async def touch(self, token: PresentedToken) -> None:
        """Note that the session of the token was used."""
        ...

    async def end(self, user_id: int, session_id: UUID) -> bool:
        """End and revoke one session; False where the user has no such living session."""
        ...

    async def end_all(self, user_id: int, spare: UUID | None = None) -> None:
        """End and revoke every session of a user but one."""
        ...

    async def revoke_users(self, user_ids: Sequence[int]) -> None:
        """Make all access tokens of the users void that were issued before now."""
        ...


class KeyChanges(Protocol):
    """Changes of signing keys; one at a time over all replicas."""

    async def lock(self) -> list[SigningKey]:
        """All keys; nobody else changes them until the unit ends."""
        ...

    async def add(self, key: SigningKey) -> None:
        """Publish a key."""
        ...

    async def retire(self, not_after: datetime) -> None:
        """Set the end of every key that has none."""
        ...


class UnitOfWork(Protocol):
    """One transaction."""

    @property
    def accounts(self) -> AccountChanges: ...
    @property
    def sessions(self) -> SessionChanges: ...
    @property
    def keys(self) -> KeyChanges: ...

    async def charge(self, charges: Iterable[Charge]) -> None:
        """Add to what keys owe."""
        ...

    async def forgive(self, key: bytes) -> None:
        """Forget what a key owes."""
        ...

    async def claim(self, event_ids: Collection[UUID]) -> set[UUID]:
        """Those of the events that were not handled before; they are now."""
        ...

    async def record(self, event: AuthEvent) -> None:
        """Put an event into the audit trail."""
        ...


class Units(Protocol):
    """Where units of work begin."""

    def begin(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """A unit that commits on a clean exit and rolls back on any exception."""
        ...
