"""What the use cases need from outside, transactions apart (see `units`)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from auth_service.domain.models import (
    Credential,
    Grant,
    MadeUser,
    Profile,
    Registration,
    Revocation,
    Session,
    SigningKey,
)


class Users(Protocol):
    """The profiles, which another service owns. Every call may raise `Unavailable` and the like."""

    async def create(self, profile: Profile, idempotency_key: str) -> MadeUser:
        """The new user, or the one that the same key made before.

        Raises what the other service says: `AlreadyExists`, `InvalidArgument`.
        """
        ...

    async def delete(self, user_id: int) -> None:
        """Remove the user; nothing happens where there is none."""
        ...

    async def find(self, login: str) -> int | None:
        """The id of the user with this username or e-mail, in whatever case."""
        ...

    async def names(self, user_id: int) -> tuple[str, ...]:
        """Username and e-mail of a user; none where there is no such user."""
        ...


class Passwords(Protocol):
    """Slow hashes of passwords. Raises `Overloaded` at once where too many wait."""

    def check_room(self) -> None:
        """Raise `Overloaded` where one more would have to."""
        ...

    async def hash(self, password: str) -> str:
        """A salted hash that names its parameters."""
        ...

    async def matches(self, password_hash: str | None, password: str) -> bool:
        """Whether the hash is of the password. Without a hash: False, after the same time."""
        ...

    def is_outdated(self, password_hash: str) -> bool:
        """Whether the hash was made with other parameters than are used now."""
        ...


class AccessTokens(Protocol):
    """Signed tokens that others verify offline."""

    def issue(self, grant: Grant) -> str:
        """A token that says what the grant says."""
        ...


class Registrations(Protocol):
    """Registrations that are under way or over; each call takes effect by itself.

    Whoever works on one holds a lease: an overdue lease means that its holder is gone.
    """

    async def by_key(self, idempotency_key: str) -> Registration | None:
        """The registration under a client's key."""
        ...

    async def begin(self, registration: Registration) -> Registration:
        """Keep a new one and lease it; the earlier one where its client's key was used before."""
        ...

    async def resume(self, registration_id: UUID) -> bool:
        """Lease it again, pending if it is not finished by now.

        False where it is being undone, or is gone.
        """
        ...

    async def withdraw(self, registration_id: UUID) -> None:
        """Have an unfinished one undone when its lease is over."""
        ...

    async def end(self, registration_id: UUID) -> None:
        """Forget it."""
        ...

    async def claim_overdue(self) -> Registration | None:
        """Lease the unfinished one whose lease is over for longest; a withdrawn one as undoing."""
        ...


class Credentials(Protocol):
    """The passwords of users."""

    async def get(self, user_id: int) -> Credential | None:
        """The credential of a user."""
        ...


class Sessions(Protocol):
    """The logins of users."""

    async def living(self, user_id: int) -> list[Session]:
        """Those that have neither ended nor expired, the latest used first; 200 at the most."""
        ...


class Guesses(Protocol):
    """What wrong guesses of passwords have cost so far."""

    async def debts(self, keys: Sequence[bytes]) -> Mapping[bytes, float]:
        """Seconds that each key still owes; keys that owe nothing are left out."""
        ...


class Revocations(Protocol):
    """What makes access tokens void before their time, in the order of ids."""

    async def after(self, revocation_id: int, younger_than: timedelta) -> list[Revocation]:
        """The next ones after an id, 1,000 at the most, without those too old to matter."""
        ...

    async def newest_id(self) -> int:
        """The highest id so far; 0 where there was none."""
        ...

    async def wait(self, seen: int) -> int | None:
        """Return once there may be more than at the mark `seen` (0 at first), within a second.

        Gives the new mark; None where the feed is closed, and those who wait should go.
        """
        ...


class SigningKeys(Protocol):
    """The keys of access tokens."""

    async def all(self) -> list[SigningKey]:
        """Those that may still sign or verify, by `active_from`."""
        ...


class KeyForge(Protocol):
    """What makes key pairs, and opens the private halves again."""

    def make(self, active_from: datetime) -> SigningKey:
        """A new key pair."""
        ...

    def can_open(self, key: SigningKey) -> bool:
        """Whether the private half was sealed with this process's secret."""
        ...
