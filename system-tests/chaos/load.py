"""The steady load: workers that play people, each with a dice of its own."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from chaos.actions import Actions
from chaos.ledger import Action
from chaos.people import Person

WORKERS: Final = 16
_CAST: Final = 3  # people that a worker begins with
_MOST_PEOPLE: Final = 20  # a worker's: feeds stay short enough to be read in full

_WEIGHTS: Final = {
    Action.REGISTER: 4,
    Action.FOLLOW: 36,
    Action.UNFOLLOW: 10,
    Action.POST: 30,
    Action.DELETE_POST: 8,
    Action.RENAME: 5,
    Action.READ_ALL: 5,
    Action.LEAVE: 1,
}


@dataclass(slots=True)
class Worker:
    """Plays its own people in turn, one request at a time, `rate` requests a second at most."""

    number: int
    seed: int
    actions: Actions
    rate: float
    clock: Callable[[], float]
    cast: list[Person] = field(default_factory=list)
    _random: random.Random = field(init=False)
    _made: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(f"{self.seed}/{self.number}")  # noqa: S311 -- no secret

    async def run(self, until: float) -> None:
        """Make requests until the clock says `until`."""
        due = self.clock()
        while self.clock() < until:
            await self._step()
            due = max(due + 1 / self.rate, self.clock() - 1)
            await asyncio.sleep(max(0.0, due - self.clock()))

    async def _step(self) -> None:
        names = list(_WEIGHTS)
        action = self._random.choices(names, [_WEIGHTS[name] for name in names])[0]
        if len(self.cast) < _CAST:
            action = Action.REGISTER
        if action is Action.REGISTER:
            await self._register()
            return
        person = self._random.choice(self.cast)
        if await self.actions.log_in(person):
            await self._play(person, action)

    async def _register(self) -> None:
        self._made += 1
        if len(self.cast) >= _MOST_PEOPLE:
            return
        name = f"c{self.seed}-{self.number}-{self._made}"
        person = await self.actions.register(name, self._random)
        if person is not None:
            self.cast.append(person)

    async def _play(self, person: Person, action: Action) -> None:
        self._made += 1
        name = f"{person.username} {self._made}"
        match action:
            case Action.FOLLOW:
                await self._follow(person)
            case Action.UNFOLLOW:
                await self._unfollow(person)
            case Action.POST:
                await self.actions.post(person, name, self._random)
            case Action.DELETE_POST if person.posts:
                title = self._random.choice(list(person.posts))
                await self.actions.delete_post(person, title)
            case Action.RENAME if person.name_is_clear:
                await self.actions.rename(person, name)
            case Action.READ_ALL if person.is_reader:
                await self.actions.read_all(person)
            case Action.LEAVE if len(self.cast) > _CAST:
                self.cast.remove(person)
                await self.actions.leave(person)

    async def _follow(self, person: Person) -> None:
        taken = person.following | person.unclear | {person.username}
        others = [other for name, other in self.actions.roster.people.items() if name not in taken]
        if others:
            await self.actions.follow(person, self._random.choice(others), self._random)

    async def _unfollow(self, person: Person) -> None:
        people = self.actions.roster.people
        others = [
            people[name] for name in sorted(person.following - person.unclear) if name in people
        ]
        if others:
            await self.actions.unfollow(person, self._random.choice(others), self._random)
