"""A user and the rules of a profile."""

from dataclasses import dataclass, fields
from datetime import datetime

from user_service.domain.rules import violations_of


@dataclass(frozen=True, slots=True)
class User:
    """A profile; optional texts that are not set are None."""

    id: int
    username: str
    email: str
    full_name: str | None
    bio: str | None
    avatar_url: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class NewUser:
    """A profile to be. Raises `InvalidProfile` where a field breaks its rule."""

    username: str
    email: str
    full_name: str | None = None
    bio: str | None = None
    avatar_url: str | None = None

    def __post_init__(self) -> None:
        violations_of(self.given())

    def given(self) -> dict[str, str]:
        """The fields that are set."""
        return _set_fields(self)


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """What is to change; None stays as it is, an empty text clears. Raises `InvalidProfile`."""

    username: str | None = None
    email: str | None = None
    full_name: str | None = None
    bio: str | None = None
    avatar_url: str | None = None

    def __post_init__(self) -> None:
        violations_of(self.given())

    def given(self) -> dict[str, str]:
        """The fields that are to change."""
        return _set_fields(self)

    def changed(self, user: User) -> tuple[str, ...]:
        """The fields that would not be as they are."""
        return tuple(
            name for name, value in self.given().items() if value != (getattr(user, name) or "")
        )


def _set_fields(profile: NewUser | ProfileChange) -> dict[str, str]:
    values = {field.name: getattr(profile, field.name) for field in fields(profile)}
    return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True)
class UserPage:
    """A part of a list of users, whether the list goes on, and how long it is in all."""

    users: tuple[User, ...]
    has_more: bool
    total: int
    total_is_estimate: bool = False


def check_key(idempotency_key: str | None) -> None:
    """Raises `InvalidProfile` for what is no idempotency key."""
    if idempotency_key is not None:
        violations_of({"idempotency_key": idempotency_key})
