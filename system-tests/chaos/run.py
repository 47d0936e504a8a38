"""One chaos run: a platform, a load, faults, rest, and the check of everything."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final

import httpx
from pinstack_local.stack import Stack

from chaos import databases, faults
from chaos.actions import Actions
from chaos.checker import check
from chaos.eyes import Eyes, Unseen
from chaos.faults import Fault
from chaos.findings import Fault as Wrong
from chaos.findings import Finding, inconsistent
from chaos.ledger import Ledger
from chaos.load import WORKERS, Worker
from chaos.machine import Machine
from chaos.people import Roster
from chaos.phones import Phones
from chaos.quiescence import rest
from chaos.report import report
from chaos.settings import ChaosSettings
from chaos.wire import TIMEOUT_SECONDS, Wire
from chaos.world import World

PATIENCE_SECONDS: Final = 120.0
_LOOKS: Final = 4
_LOOK_AGAIN_SECONDS: Final = 10.0
_AFTER_OUTAGE: Final = 30.0

Say = Callable[[str], None]


class Run:
    """A run on a stack that is up. `figures` has the report once `play` is over."""

    def __init__(self, settings: ChaosSettings, stack: Stack, say: Say) -> None:
        self.settings = settings
        self.ledger = Ledger()
        self.roster = Roster()
        self.machine = Machine(stack, self.clock)
        self.phones = Phones(stack.gateway_urls, self.roster)
        self._stack = stack
        self._say = say
        self._begun = time.monotonic()
        self.looks = 0
        """How often the world was looked at until nothing was wrong with it."""

    def clock(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._begun

    async def play(self) -> dict[str, Any]:
        """Load and faults, then rest, then the check; returns the report."""
        async with wire_to(self._stack.gateway_urls) as wire, asyncio.TaskGroup() as group:
            self._begun = time.monotonic()
            ringing = group.create_task(self.phones.ring())
            await self._suffer(wire)
            quiet_from = self.clock()
            left = await rest(self._stack, self.clock, PATIENCE_SECONDS)
            drained = round(self.clock() - quiet_from, 1)
            self._say(f"at rest after {drained:g} s; {len(self.ledger.entries)} requests to check")
            world, findings = await self._check(wire, left)
            findings += await self.phones.findings(world)
            self.machine.revive()  # what has ended since the last fault
            findings += self.machine.crashes
            ringing.cancel()
        return self._report(world, findings, drained)

    async def _suffer(self, wire: Wire) -> None:
        """Load and faults at once; returns when all faults have healed."""
        actions = Actions(wire, self.ledger, self.roster, self.clock)
        plan, seconds = self._faults(), self._seconds()
        self._say(f"{seconds:g} s of load, {len(plan)} faults, seed {self.settings.seed}")
        async with asyncio.TaskGroup() as group:
            group.create_task(self.machine.suffer(plan))
            for worker in self._workers(actions):
                group.create_task(worker.run(seconds))
        await self.machine.heal()

    def _report(self, world: World, findings: Sequence[Finding], drained: float) -> dict[str, Any]:
        listeners = self.phones.listeners.values()
        return report(
            self.settings,
            self.ledger,
            self.machine.injuries,
            findings,
            brokers=self.settings.brokers,
            seed=self.settings.seed,
            seconds=round(self._seconds()),
            drained_after_seconds=drained,
            drained_after_outage_seconds=self._drained_after_outage(world),
            mishaps=self.machine.mishaps,
            looks=self.looks,
            notifications=len(world.notifications),
            accounts=len(world.users),
            phones=len(listeners),
            phone_connections=sum(one.connections for one in listeners),
        )

    def _seconds(self) -> float:
        if self.settings.outage:
            return faults.QUIET_START + self.settings.outage + _AFTER_OUTAGE
        return self.settings.seconds

    def _faults(self) -> Sequence[Fault]:
        if self.settings.outage:
            return faults.outage(self.settings.outage, self._stack.infrastructure.broker.name)
        wanted = self.settings.targets
        targets = [name for name in self.machine.targets if not wanted or name.startswith(wanted)]
        return faults.schedule(self.settings.seed, self.settings.seconds, targets)

    def _workers(self, actions: Actions) -> list[Worker]:
        rate = self.settings.rate / WORKERS
        return [
            Worker(number, self.settings.seed, actions, rate, self.clock)
            for number in range(WORKERS)
        ]

    async def _check(self, wire: Wire, left: Sequence[str]) -> tuple[World, list[Finding]]:
        """Caches get some seconds to agree: what a view shows may be older than a rename."""
        strange = [inconsistent(f"answered with an internal error: {one}") for one in wire.strange]
        for look in range(_LOOKS):
            if look:
                await asyncio.sleep(_LOOK_AGAIN_SECONDS)
            world = await databases.read(self._stack)
            world.leftovers = list(left)
            people = [one for one in self.roster.people.values() if one.id in world.users]
            try:
                world.views = await Eyes(wire).look(people)
            except Unseen as error:
                world.leftovers.append(str(error))
            self.looks = look + 1
            findings = [*check(self.ledger, world), *strange]
            if {finding.fault for finding in findings} != {Wrong.INCONSISTENT}:
                break  # nothing is wrong, or something that time does not heal
        return world, findings

    def _drained_after_outage(self, world: World) -> float | None:
        """From the moment when brokers served again until what was committed before had arrived."""
        if not self.settings.outage or not self.machine.injuries:
            return None
        ready = datetime.fromtimestamp(self.machine.injuries[0].ready_at, UTC)
        arrived = [
            world.claims[event.id]
            for event in world.events
            if event.created_at < ready and event.id in world.claims
        ]
        return round((max(arrived, default=ready) - ready).total_seconds(), 1)


@asynccontextmanager
async def wire_to(gateways: Sequence[str]) -> AsyncIterator[Wire]:
    """HTTP with all gateways."""
    async with AsyncExitStack() as exits:
        clients = [
            await exits.enter_async_context(
                httpx.AsyncClient(base_url=gateway, timeout=TIMEOUT_SECONDS)
            )
            for gateway in gateways
        ]
        yield Wire(clients)
