"""Accounts, sessions, tokens and keys. Whatever is secret stays out of `repr`."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from typing import Final
from uuid import UUID

_LONGEST_DEVICE: Final = 256
_LONGEST_ADDRESS: Final = 64


class Role(StrEnum):
    """What an account may be in the claim `roles`; everybody is a user."""

    USER = "user"
    STAFF = "staff"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Client:
    """Where a login comes from, for people to read: cut to size, without U+0000."""

    device: str = ""
    address: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "device", self.device.replace("\0", "")[:_LONGEST_DEVICE])
        object.__setattr__(self, "address", self.address.replace("\0", "")[:_LONGEST_ADDRESS])


@dataclass(frozen=True, slots=True)
class Profile:
    """What user-service is told about a new account."""

    username: str
    email: str
    full_name: str | None = None
    bio: str | None = None
    avatar_url: str | None = None


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What somebody signs up with."""

    profile: Profile
    password: str = field(repr=False)
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Credential:
    """The password of a user as it is kept.

    `version` changes with the password and not with the parameters of its hash.
    """

    user_id: int
    password_hash: str = field(repr=False)
    version: int


class RegistrationState(StrEnum):
    """How far a registration is.

    Pending: goes on. Withdrawn: its client was told that it failed, so it is to be undone. Undoing:
    somebody is at it. Finished: the account is complete.
    """

    PENDING = "pending"
    WITHDRAWN = "withdrawn"
    UNDOING = "undoing"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class Registration:
    """The saga of one account; `id` is the idempotency key towards user-service.

    `password_hash` is None where the account has been deleted since.
    """

    id: UUID
    profile: Profile
    password_hash: str | None = field(repr=False)
    idempotency_key: str | None = None
    state: RegistrationState = RegistrationState.PENDING
    user_id: int | None = None

    def is_of(self, profile: Profile) -> bool:
        """Whether the same account is asked for: name and e-mail tell."""
        return (self.profile.username, self.profile.email) == (profile.username, profile.email)


@dataclass(frozen=True, slots=True)
class Session:
    """One login and all the tokens that descend from it."""

    id: UUID
    user_id: int
    device: str
    client_address: str
    created_at: datetime
    last_used_at: datetime


@dataclass(frozen=True, slots=True)
class Grant:
    """What an access token says: who, in which session, with which roles, since when."""

    user_id: int
    session_id: UUID
    roles: tuple[Role, ...]
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class MadeUser:
    """A user that another service has made, and when; None where it was made by an earlier try."""

    id: int
    made_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a login gives; `expires_in` is the life of the access token in seconds.

    `registered_at` is when the user was made, where this is its first login.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int
    user_id: int
    registered_at: datetime | None = None


class Standing(Enum):
    """What a refresh token that is presented is good for."""

    CURRENT = "current"
    SPENT_JUST_NOW = "spent just now"
    REPLAYED = "replayed"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class PresentedToken:
    """A refresh token as the database knows it, its session locked; `grant.issued_at` is now."""

    grant: Grant
    expires_at: datetime
    rotated_at: datetime | None
    is_session_over: bool

    def standing(self, grace: timedelta) -> Standing:
        """Judge it: a token spent longer than `grace` ago is replayed (RFC 9700, section 4.14)."""
        now = self.grant.issued_at
        if self.is_session_over or self.expires_at <= now:
            return Standing.DEAD
        if self.rotated_at is None:
            return Standing.CURRENT
        return Standing.SPENT_JUST_NOW if now < self.rotated_at + grace else Standing.REPLAYED


@dataclass(frozen=True, slots=True)
class Lives:
    """How long things live: tokens, the grace of a spent refresh token, a session at most."""

    access_token: timedelta
    refresh_token: timedelta
    grace: timedelta
    session: timedelta


@dataclass(frozen=True, slots=True)
class Revocation:
    """Tokens of a user (of one session, where given) that are void if issued before a moment."""

    id: int
    user_id: int
    session_id: UUID | None
    revoked_at: datetime


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key pair; the private half is encrypted.

    It signs from `active_from` until one that ends later does; no token of it lives past
    `not_after`.
    """

    kid: str
    alg: str
    public_jwk: str
    sealed_private_key: bytes = field(repr=False)
    active_from: datetime
    not_after: datetime | None = None
