"""Some people hold a live connection all the time, and come back whenever it breaks."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import httpx
from journeys.client import Client
from journeys.phone import Phone
from websockets.exceptions import WebSocketException

from chaos.findings import Finding, inconsistent, out_of_order
from chaos.people import Person, Roster
from chaos.world import World

PHONES: Final = 6
_BACK_SECONDS: Final = 0.5
_LOOKS: Final = 40


@dataclass(slots=True)
class Listener:
    """A phone of somebody; `slip` says what was missing, doubled or out of order."""

    owner: Person
    phone: Phone
    roster: Roster
    connections: int = 0
    slip: str = ""

    async def listen(self, gateways: Sequence[str], http: httpx.AsyncClient) -> None:
        """Until the owner leaves; each time by another gateway, from the last seq that was seen."""
        client = Client(http)
        while not self.slip and self.owner.username in self.roster.people:
            client.token = self.owner.token
            self.phone = Phone(gateways[self.connections % len(gateways)], client, self.phone.seq)
            self.connections += 1
            try:
                await self.phone.open()
                await self._stay()
            except AssertionError as error:
                self.slip = str(error)
            except (OSError, TimeoutError, WebSocketException):
                pass  # the gateway is gone, or does not answer: the next one may
            finally:
                await asyncio.shield(self.phone.close())
            await asyncio.sleep(_BACK_SECONDS)

    async def _stay(self) -> None:
        """Until the connection breaks off; that nothing came for a while is no reason to go."""
        while True:
            try:
                await self.phone.closed()
                return
            except TimeoutError:
                continue


@dataclass(slots=True)
class Phones:
    """Live connections of the first people who have accounts."""

    gateways: Sequence[str]
    roster: Roster
    listeners: dict[int, Listener] = field(default_factory=dict)

    async def ring(self) -> None:
        """Until cancelled."""
        async with httpx.AsyncClient() as http, asyncio.TaskGroup() as group:
            while True:
                for person in list(self.roster.people.values()):
                    if len(self.listeners) < PHONES and person.id not in self.listeners:
                        listener = Listener(person, Phone("", Client(http), seq=0), self.roster)
                        self.listeners[person.id] = listener
                        group.create_task(listener.listen(self.gateways, http))
                await asyncio.sleep(_BACK_SECONDS)

    async def findings(self, world: World) -> list[Finding]:
        """What is wrong with phones that have had time to hear of everything."""
        for _ in range(_LOOKS):
            if not self._behind(world):
                break
            await asyncio.sleep(_BACK_SECONDS)
        slips = [
            out_of_order(f"the phone of user {user_id}: {listener.slip}")
            for user_id, listener in self.listeners.items()
            if listener.slip and user_id in world.users
        ]
        return [*slips, *map(inconsistent, self._behind(world))]

    def _behind(self, world: World) -> list[str]:
        found = []
        for user_id, listener in self.listeners.items():
            inbox = world.inboxes.get(user_id)
            if inbox is None or user_id not in world.users or listener.slip:
                continue
            if listener.phone.seq != inbox.last_seq:
                at = f"{listener.phone.seq} of {inbox.last_seq}"
                found.append(f"the phone of user {user_id} is at {at}")
        return found
