"""The known data: as many people and follows as the Reed98 graph, 20,000 posts, always the same."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

PEOPLE: Final = 962
FOLLOWS: Final = 18_812
"""Of the Reed98 graph (networkrepository.com, socfb-Reed98), which published benchmarks load."""
POSTS: Final = 20_000
TAGS: Final = tuple(f"tag{number}" for number in range(100))
_SEED: Final = 98
_BEGIN: Final = datetime(2026, 1, 1, tzinfo=UTC)
_STEP: Final = timedelta(minutes=7)
_WORDS: Final = ("harbour", "light", "morning", "paper", "signal", "stone", "river", "north")


@dataclass(frozen=True, slots=True)
class PostRow:
    """A post of the data set; `tags` are positions in TAGS."""

    id: int
    author_id: int
    title: str
    content: str
    created_at: datetime
    tags: tuple[int, ...]


def username(user_id: int) -> str:
    """The name of somebody in the data set."""
    return f"person{user_id:04d}"


def email(user_id: int) -> str:
    """Their address."""
    return f"{username(user_id)}@example.com"


def follows() -> Sequence[tuple[int, int]]:
    """Pairs (follower, followee), all different; popularity has the long tail of such graphs."""
    chance = random.Random(_SEED)  # noqa: S311 -- the same every time is the point
    everybody = range(1, PEOPLE + 1)
    popularity = [1 / (rank + 20) ** 0.6 for rank in range(PEOPLE)]
    chance.shuffle(popularity)
    pairs: dict[tuple[int, int], None] = {}
    while len(pairs) < FOLLOWS:
        followees = chance.choices(everybody, popularity, k=FOLLOWS)
        followers = chance.choices(everybody, k=FOLLOWS)
        for pair in zip(followers, followees, strict=True):
            if pair[0] != pair[1] and len(pairs) < FOLLOWS:
                pairs[pair] = None
    return tuple(pairs)


def posts() -> Iterator[PostRow]:
    """In the order of their ids, which is the order of their times."""
    chance = random.Random(_SEED + 1)  # noqa: S311
    for number in range(1, POSTS + 1):
        words = chance.choices(_WORDS, k=chance.randint(10, 60))
        yield PostRow(
            id=number,
            author_id=chance.randint(1, PEOPLE),
            title=f"{words[0].title()} {words[1]} {number}",
            content=" ".join(words),
            created_at=_BEGIN + number * _STEP,
            tags=tuple(chance.sample(range(len(TAGS)), chance.randint(0, 3))),
        )


def joined_at(user_id: int) -> datetime:
    """When somebody signed up: before the first post."""
    return _BEGIN - (PEOPLE - user_id) * _STEP
