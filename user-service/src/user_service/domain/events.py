"""What happened to a user, as others may know it: no e-mail."""

from dataclasses import dataclass

from user_service.domain.models import User


@dataclass(frozen=True, slots=True)
class UserCreated:
    """An account came into being."""

    user: User


@dataclass(frozen=True, slots=True)
class UserUpdated:
    """A profile changed: `user` is it afterwards."""

    user: User
    changed: tuple[str, ...]
    previous_username: str | None = None


@dataclass(frozen=True, slots=True)
class UserDeleted:
    """An account is gone: `user` is what it was."""

    user: User


Event = UserCreated | UserUpdated | UserDeleted
