"""The ports in memory."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from service_kit.errors import Unavailable

from relation_service.domain.errors import AlreadyFollowing, UserNotFound
from relation_service.domain.events import Event, FollowCreated
from relation_service.domain.models import (
    FollowerIds,
    FollowPage,
    Pair,
    Person,
    Place,
    Relation,
    Side,
    Window,
)
from tests.builders import NOW


@dataclass(frozen=True, slots=True)
class Follow:
    """A relation that exists; `id` grows with time and is its place in lists."""

    id: int
    pair: Pair


class InMemoryFollows:
    """The relations of one process; commits what a unit of work did, or nothing of it."""

    def __init__(self) -> None:
        self.rows: dict[Pair, Follow] = {}
        self.deleted: set[int] = set()
        self.events: list[Event] = []
        self._last_id = 0

    async def page(self, side: Side, user_id: int, window: Window) -> FollowPage:
        rows = [row for row in self.rows.values() if _of(side, row.pair) == user_id]
        newest = sorted(rows, key=lambda row: -row.id)
        rest = [row for row in newest if window.before == 0 or row.id < window.before]
        end = window.offset + window.limit
        part = rest[window.offset : end]
        shown = tuple(_shown(side, row.pair) for row in part)
        ids = tuple(row.id for row in part)
        return FollowPage(ids, shown, more=len(rest) > end, total=len(rows))

    async def followers(
        self, followee_id: int, after_id: int, batch_size: int
    ) -> AsyncIterator[Sequence[int]]:
        rest = self._followers_from(Place(followee_id, after_id))
        for start in range(0, len(rest), batch_size):
            yield rest[start : start + batch_size]

    async def follower_ids(self, places: Sequence[Place], limit: int) -> list[FollowerIds]:
        rests = map(self._followers_from, places)
        return [FollowerIds(tuple(rest[:limit]), len(rest) <= limit) for rest in rests]

    async def relations(self, user_id: int, others: Sequence[int]) -> list[Relation]:
        return [
            Relation(other, Pair(user_id, other) in self.rows, Pair(other, user_id) in self.rows)
            for other in others
        ]

    @asynccontextmanager
    async def begin(self) -> "AsyncIterator[InMemoryUnit]":
        unit = InMemoryUnit(self)
        yield unit
        self.rows, self.deleted = unit.rows, unit.deleted
        self.events += unit.events

    async def follow(self, announced: FollowCreated) -> None:
        async with self.begin() as unit:
            unit.add(announced.pair)
            unit.emit(announced)

    def _followers_from(self, place: Place) -> list[int]:
        pairs = [pair for pair in self.rows if pair.followee_id == place.followee_id]
        return sorted(pair.follower_id for pair in pairs if pair.follower_id > place.after_id)

    def next_id(self) -> int:
        """An identity; a rolled-back unit leaves a gap, as PostgreSQL does."""
        self._last_id += 1
        return self._last_id


class InMemoryUnit:
    """Changes to a copy, which its store takes over on a clean exit."""

    def __init__(self, store: InMemoryFollows) -> None:
        self._store = store
        self.rows = dict(store.rows)
        self.deleted = set(store.deleted)
        self.events: list[Event] = []

    def add(self, pair: Pair) -> None:
        if {pair.follower_id, pair.followee_id} & self.deleted:
            raise UserNotFound
        if pair in self.rows:
            raise AlreadyFollowing
        self.rows[pair] = Follow(self._store.next_id(), pair)

    async def remove(self, pair: Pair) -> datetime | None:
        return NOW if self.rows.pop(pair, None) else None

    async def forget(self, user_id: int) -> None:
        self.deleted.add(user_id)

    async def remove_some_of(self, user_id: int, most: int) -> list[Pair]:
        pairs = [p for p in self.rows if user_id in (p.follower_id, p.followee_id)][:most]
        for pair in pairs:
            del self.rows[pair]
        return pairs

    def emit(self, event: Event) -> None:
        self.events.append(event)


class InMemoryUsers:
    """People; `away` makes user-service unreachable."""

    def __init__(self, *people: Person) -> None:
        self.people = {person.id: person for person in people}
        self.calls: list[list[int]] = []
        self.away = False

    async def get_many(self, user_ids: Sequence[int]) -> dict[int, Person]:
        self.calls.append(list(user_ids))
        if self.away:
            raise Unavailable
        return {key: self.people[key] for key in user_ids if key in self.people}


def _of(side: Side, pair: Pair) -> int:
    return pair.followee_id if side == "followers" else pair.follower_id


def _shown(side: Side, pair: Pair) -> int:
    return pair.follower_id if side == "followers" else pair.followee_id
