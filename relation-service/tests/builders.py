"""Things that tests are about, with defaults for what a test does not care for."""

from datetime import UTC, datetime

from relation_service.domain.models import Pair, Person

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def a_pair(follower_id: int = 1, followee_id: int = 2) -> Pair:
    """The first person following the second."""
    return Pair(follower_id, followee_id)


def a_person(user_id: int = 1, avatar_url: str | None = None) -> Person:
    """Somebody with a name that says who."""
    return Person(user_id, f"user{user_id}", avatar_url)
