"""The requests of the scenarios, over the known data and the people who are signed in."""

import json
import random
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import Final

from load import dataset
from load.generators import Request
from load.loading import Person

API: Final = "/api/v1"
_SEED: Final = 7
_HOT: Final = 20
_ROUNDS: Final = 300
"""Of a hundred requests each: enough that no follow comes twice."""

Requests = Sequence[Request]


def reads(people: Sequence[Person]) -> dict[str, Requests]:
    """Each read on its own; hot: twenty posts that everybody asks for; cold: all at random."""
    chance = random.Random(_SEED)  # noqa: S311
    everybody = chance.sample(range(1, dataset.PEOPLE + 1), dataset.PEOPLE)
    cold = chance.sample(range(1, dataset.POSTS + 1), dataset.POSTS)
    return {
        "post_hot": _gets([f"/posts/{n + 1}" for n in range(_HOT)], people),
        "post_cold": _gets([f"/posts/{n}" for n in cold], people),
        "user": _gets([f"/users/{n}" for n in everybody], people),
        "list_20": _gets(["/posts/list?limit=20"], people),
        "author_posts": _gets([f"/posts/list?author_id={n}" for n in everybody], people),
        "followers": _gets([f"/relation/{n}/followers" for n in everybody], people),
        "feed": _gets(["/notification/feed"], people),
        "unread_count": _gets(["/notification/unread-count"], people),
    }


def _gets(paths: Sequence[str], people: Sequence[Person]) -> Requests:
    """Every path at least once, and by everybody."""
    length = max(len(paths), len(people))
    return [
        Request(API + paths[n % len(paths)], people[n % len(people)].token) for n in range(length)
    ]


def register() -> Requests:
    """New accounts."""
    account = {"username": "new{n}", "email": "new{n}@example.com", "password": "pass word {n}"}
    return [Request(f"{API}/auth/register", method="POST", body=json.dumps(account))]


def login(people: Sequence[Person], password: str) -> Requests:
    """Everybody in turn."""
    return [
        Request(
            f"{API}/auth/login",
            method="POST",
            body=json.dumps({"login": dataset.username(person.id), "password": password}),
        )
        for person in people
    ]


def post(person: Person) -> Request:
    """A new post."""
    content = " ".join(["A new post of the mix, as long as people write them."] * 3)
    body = {"title": "Post {n}", "content": content, "tags": ["tag7"]}
    return Request(f"{API}/posts", person.token, "POST", json.dumps(body))


def follow(pair: tuple[Person, int]) -> Request:
    """Somebody who is signed in follows somebody."""
    body = json.dumps({"followee_id": pair[1]})
    return Request(f"{API}/relation/follow", pair[0].token, "POST", body)


def new_follows(people: Sequence[Person], seed: int) -> Sequence[tuple[Person, int]]:
    """Pairs (follower, followee) that are not in the data set, in random order.

    Different seeds share no pair, so that none is followed twice by different scenarios; nobody of
    `people` is followed.
    """
    own = {person.id for person in people}
    others = (n for n in range(1, dataset.PEOPLE + 1) if n % 4 == seed and n not in own)
    return _unknown(people, others, seed)


def follows_among(people: Sequence[Person]) -> Sequence[tuple[Person, int]]:
    """The same where both are of `people`."""
    return _unknown(people, (person.id for person in people), 0)


def _unknown(
    people: Sequence[Person], followees: Iterable[int], seed: int
) -> Sequence[tuple[Person, int]]:
    known = set(dataset.follows())
    pairs = [
        (person, followee)
        for person, followee in product(people, followees)
        if followee != person.id and (person.id, followee) not in known
    ]
    random.Random(seed).shuffle(pairs)  # noqa: S311
    return pairs


def mix(people: Sequence[Person], part: int = 0) -> Requests:
    """The published mix: 40 % author's posts, 25 % newest posts, 30 % new post, 5 % follow.

    Parts (0, 2 and 3; 1 is the other follows') share no follow.
    """
    chance = random.Random(_SEED + 1 + part)  # noqa: S311
    follows = iter(new_follows(people, part))
    kinds = ["author"] * 40 + ["newest"] * 25 + ["post"] * 30 + ["follow"] * 5
    found: list[Request] = []
    for _ in range(_ROUNDS):
        chance.shuffle(kinds)
        found += [_mixed(kind, chance.choice(people), chance, follows) for kind in kinds]
    return found


def _mixed(
    kind: str, person: Person, chance: random.Random, follows: Iterator[tuple[Person, int]]
) -> Request:
    if kind == "author":
        author = chance.randint(1, dataset.PEOPLE)
        return Request(f"{API}/posts/list?author_id={author}", person.token)
    if kind == "newest":
        return Request(f"{API}/posts/list?limit=20", person.token)
    if kind == "post":
        return post(person)
    return follow(next(follows))
