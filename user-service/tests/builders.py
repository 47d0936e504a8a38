"""Things that tests are about, with defaults for what a test does not care for."""

from datetime import UTC, datetime

from user_service.domain.models import NewUser, User

NOW = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


def a_new_user(
    username: str = "ann",
    email: str | None = None,
    full_name: str | None = None,
    bio: str | None = None,
    avatar_url: str | None = None,
) -> NewUser:
    """A profile to be; the e-mail is made of the name."""
    return NewUser(username, email or f"{username}@example.com", full_name, bio, avatar_url)


def a_user(user_id: int = 1, username: str = "ann") -> User:
    """A profile with everything that one can have."""
    return User(
        id=user_id,
        username=username,
        email=f"{username}@example.com",
        full_name="Ann Example",
        bio="Writes.",
        avatar_url="https://example.com/ann.png",
        created_at=NOW,
        updated_at=NOW,
    )
