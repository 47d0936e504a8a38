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
class MadeAccount:
    """An account that was made, and when; None where an earlier request has made it."""

    user_id: int
    made_at: datetime | None

    def profile(self, account: NewAccount) -> UserView | None:
        """The profile that was made of `account`, as far as that is known without reading it."""
        if self.made_at is None:
            return None
        return UserView(
            self.user_id,
            account.username,
            account.email,
            self.made_at,
            self.made_at,
            account.full_name or None,
            account.bio or None,
            account.avatar_url or None,
        )


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
