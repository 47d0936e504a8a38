"""The people of a run, and what each of them believes to be true."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Person:
    """Somebody whose account was acknowledged; requests of one person never overlap."""

    id: int
    username: str
    password: str
    token: str
    token_since: float
    is_reader: bool
    """Readers mark notifications read, which keeps those from being withdrawn."""

    following: set[str] = field(default_factory=set)
    unclear: set[str] = field(default_factory=set)
    """Whom a request about had no certain end: no second one is made, so it can't be overtaken."""
    posts: dict[str, int] = field(default_factory=dict)
    """Ids by title."""
    name_is_clear: bool = True

    @property
    def email(self) -> str:
        return f"{self.username}@example.com"


@dataclass(slots=True)
class Roster:
    """Everybody that can be followed, by username."""

    people: dict[str, Person] = field(default_factory=dict)
