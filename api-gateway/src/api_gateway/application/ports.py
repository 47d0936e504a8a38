"""What the gateway needs from elsewhere: the services behind it, and what its replicas share.

Every call may raise `Unavailable` or `DeadlineExceeded`; errors of the services pass unchanged.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from api_gateway.domain.limit import Limit, Verdict
from api_gateway.domain.page import Page, PageRequest
from api_gateway.domain.principal import Principal, Revoked
from api_gateway.domain.session import Client, Session, TokenPair
from api_gateway.domain.user import MadeAccount, NewAccount, ProfileChange, UserView


class Tokens(Protocol):
    """Access tokens."""

    async def verify(self, token: str) -> Principal:
        """Who holds `token`.

        Raises Unauthenticated: `invalid token` (INVALID_TOKEN) where it is not a well-formed one,
        `token expired` (TOKEN_EXPIRED), `unauthenticated` (UNAUTHENTICATED) for anything else.
        """
        ...


class Revocations(Protocol):
    """What makes access tokens void before their time."""

    def watch(self) -> AbstractAsyncContextManager[AsyncIterator[Revoked]]:
        """Revocations from now on, within a second of their commit, while the block runs."""
        ...


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A public key (`jwk`, RFC 7517) and its algorithm.

    No token that it signed is good after `not_after` (Unix seconds; None: not retired yet).
    """

    kid: str
    algorithm: str
    jwk: Mapping[str, object]
    not_after: float | None = None


class Keys(Protocol):
    """The public keys that verify access tokens."""

    async def current(self) -> Sequence[VerificationKey]:
        """All keys that verify now, the coming one and the retiring one included."""
        ...


@dataclass(frozen=True, slots=True)
class LoggedRevocation:
    """A revocation and its place in the log."""

    id: int
    revoked: Revoked


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """Everything committed before the log was opened has been read; `last_id` is the newest."""

    last_id: int


class Heartbeat:
    """Nothing happened, and the log is still there to say so."""


class RevocationLog(Protocol):
    """All revocations in the order of their ids."""

    def follow(self, after_id: int) -> AsyncIterator[LoggedRevocation | CaughtUp | Heartbeat]:
        """Those after `after_id` (0: all that matter to a living token), then new ones."""
        ...


class Tickets(Protocol):
    """Single-use proofs of who is calling, for clients that cannot set a header on a socket."""

    async def issue(self, principal: Principal) -> str:
        """A ticket that is good once, for 30 s."""
        ...

    async def redeem(self, ticket: str) -> Principal | None:
        """Who the ticket was issued to; None where it is unknown, used or too old."""
        ...


class Users(Protocol):
    """Profiles. Reads of one event-loop tick are one call."""

    async def get(self, user_id: int) -> UserView | None:
        """The profile of `user_id`."""
        ...

    async def get_many(self, user_ids: Collection[int]) -> dict[int, UserView]:
        """The profiles among `user_ids` that exist, by id."""
        ...

    async def by_username(self, username: str) -> UserView | None:
        """The profile of that name, without regard to case."""
        ...

    async def by_email(self, email: str) -> UserView | None:
        """The profile with that address, without regard to case."""
        ...

    async def page(self, request: PageRequest) -> Page[UserView]:
        """All profiles, by id."""
        ...

    async def search(
        self, query: str, request: PageRequest, *, include_email: bool
    ) -> Page[UserView]:
        """Profiles whose name (or e-mail, with `include_email`) contains `query`, by id."""
        ...

    async def update(
        self,
        caller_id: int,
        user_id: int,
        change: ProfileChange,
        expected: datetime | None = None,
    ) -> UserView:
        """Change a profile. Raises PermissionDenied, NotFound, AlreadyExists, InvalidArgument.

        FailedPrecondition where its `updated_at` is not the `expected` one.
        """
        ...

    async def update_avatar(
        self, caller_id: int, user_id: int, avatar_url: str, expected: datetime | None = None
    ) -> None:
        """Replace an avatar. Raises PermissionDenied, NotFound, FailedPrecondition as `update`."""
        ...

    async def delete(self, caller_id: int, user_id: int, expected: datetime | None = None) -> None:
        """Delete an account. Raises PermissionDenied, NotFound, FailedPrecondition as `update`."""
        ...


class Accounts(Protocol):
    """Credentials and sessions."""

    async def register(self, account: NewAccount, client: Client) -> TokenPair:
        """Make an account and sign it in. Raises AlreadyExists, InvalidArgument."""
        ...

    async def create(self, account: NewAccount, idempotency_key: str) -> MadeAccount:
        """Make an account without signing it in. Raises as `register`."""
        ...

    async def login(self, login: str, password: str, client: Client) -> TokenPair:
        """Open a session. Raises Unauthenticated (INVALID_CREDENTIALS), ResourceExhausted."""
        ...

    async def refresh(self, refresh_token: str) -> TokenPair:
        """Rotate a refresh token. Raises Unauthenticated (`invalid refresh token`)."""
        ...

    async def logout(self, refresh_token: str) -> None:
        """End the session of a refresh token. Raises Unauthenticated, also the second time."""
        ...

    async def update_password(self, caller: Principal, old: str, new: str) -> None:
        """Change the caller's password. Raises Unauthenticated (`invalid credentials`)."""
        ...

    async def sessions(self, user_id: int) -> Sequence[Session]:
        """The live sessions of a user, the latest used first."""
        ...

    async def revoke_session(self, user_id: int, session_id: str) -> None:
        """End one session. Raises NotFound where the user has no such session."""
        ...


class Limiter(Protocol):
    """Rate limits, shared by all replicas."""

    async def take(self, limit: Limit, key: str) -> Verdict:
        """Count one request of `key` against `limit`; never raises, whatever is away."""
        ...


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer that is given again to the same Idempotency-Key.

    `fingerprint` is of the request that it answers.
    """

    fingerprint: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class InFlight:
    """The first request with this key is still being answered."""


class IdempotencyKeys(Protocol):
    """First answers to requests that carry an Idempotency-Key."""

    async def begin(self, key: str) -> StoredAnswer | InFlight | str:
        """Claim `key`: the lease that ends the claim, or what is known of an earlier request.

        A claim that nobody ends (a crash) ends itself after a while.
        """
        ...

    async def finish(self, key: str, lease: str, answer: StoredAnswer) -> None:
        """Keep the answer for 24 h."""
        ...

    async def abandon(self, key: str, lease: str) -> None:
        """Give the claim up: the same request may be tried again."""
        ...
