"""Logins: the tokens that they give, and the list of them."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a login gives; `expires_in` is the life of the access token in seconds.

    `registered_at` is when the user was made, where this is the first login of a new account.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int
    user_id: int
    registered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Client:
    """Where a login comes from."""

    device: str
    address: str


@dataclass(frozen=True, slots=True)
class Session:
    """One login and all the tokens that descend from it."""

    id: str
    device: str
    created_at: datetime
    last_used_at: datetime
