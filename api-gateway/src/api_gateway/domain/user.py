"""A profile as the gateway knows it, and who may see what of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class UserView:
    """A profile. `email` is shown only where the rules of the edge allow it."""

    id: int
    username: str
    email: str
    created_at: datetime
    updated_at: datetime
    full_name: str | None = None
    bio: str | None = None
    avatar_url: str | None = None


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What somebody wants to be registered with."""

    username: str
    email: str = field(repr=False)
    password: str = field(repr=False)
    full_name: str | None = None
    bio: str | None = None
    avatar_url: str | None = None


@dataclass(frozen=True, slots=True)
class ProfileChange:
    """The fields of a profile that change; None leaves one as it is, an empty text clears it."""

    username: str | None = None
    email: str | None = None
    full_name: str | None = None
    bio: str | None = None

    def given(self) -> Iterator[tuple[str, str]]:
        """The fields that change, with their new values."""
        for name in ("username", "email", "full_name", "bio"):
            value = getattr(self, name)
            if value is not None:
                yield name, value
