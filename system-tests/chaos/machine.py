"""The machine under the platform: does what the schedule says, and sees how it heals."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Final

from pinstack_local import ports
from pinstack_local.catalogue import SERVICES
from pinstack_local.child import ChildProcess
from pinstack_local.component import Component
from pinstack_local.errors import LocalStackError
from pinstack_local.kafka import KafkaServer
from pinstack_local.stack import Stack
from redis.asyncio import Redis

from chaos.faults import Fault, Kind
from chaos.findings import Finding, crashed

_POLL_SECONDS: Final = 0.2
_END_SECONDS: Final = 40.0
_HEAL_SECONDS: Final = 120.0


@dataclass(slots=True)
class Injury:
    """A fault that was injected: when, and how long after its end the process served again."""

    at: float
    target: str
    kind: str
    held: float
    recovered_after: float | None = None
    ready_at: float = 0.0
    """Wall clock, as the databases have it."""


@dataclass(slots=True)
class Machine:
    """Injects faults into the processes of a stack, and starts again what has ended by itself."""

    stack: Stack
    clock: Callable[[], float]
    injuries: list[Injury] = field(default_factory=list)
    crashes: list[Finding] = field(default_factory=list)
    """What services did by themselves: each of them fails the run."""
    mishaps: list[str] = field(default_factory=list)
    """What servers did that are not ours."""
    _held: set[str] = field(default_factory=set)

    @property
    def targets(self) -> list[str]:
        """Every process by name."""
        return list(self.stack.processes)

    async def suffer(self, faults: Sequence[Fault]) -> None:
        """Inject each fault at its time, and wait for the last one to heal."""
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(self._watch())
            healing = [group.create_task(self._suffer(fault)) for fault in faults]
            await asyncio.wait(healing) if healing else None
            watching.cancel()

    async def heal(self) -> None:
        """Start whatever is dead, and wait until everything serves."""
        deadline = self.clock() + _HEAL_SECONDS
        for name in self.targets:
            self.revive()
            while not await self._serves(name) and self.clock() < deadline:
                await asyncio.sleep(_POLL_SECONDS)
                self.revive()

    async def _suffer(self, fault: Fault) -> None:
        await asyncio.sleep(max(0.0, fault.at - self.clock()))
        names = self._nodes() if fault.kind is Kind.OUTAGE else [fault.target]
        if self._held.intersection(names):
            return  # it has not healed yet from the fault before
        self._held.update(names)
        injury = Injury(round(self.clock(), 1), fault.target, fault.kind.value, fault.held)
        self.injuries.append(injury)
        try:
            await self._injure(names, fault)
            ended = self.clock()
            injury.held = round(ended - injury.at, 1)
            await self._recover(names)
            injury.recovered_after = round(self.clock() - ended, 1)
            injury.ready_at = time.time()
        finally:
            self._held.difference_update(names)

    async def _injure(self, names: Sequence[str], fault: Fault) -> None:
        processes = [self.stack.processes[name] for name in names]
        match fault.kind:
            case Kind.KILL | Kind.OUTAGE:
                for process in processes:
                    process.kill()
                await asyncio.sleep(fault.held)
            case Kind.FREEZE:
                processes[0].suspend()
                await asyncio.sleep(fault.held)
                processes[0].resume()
            case Kind.RESTART:
                await self._end(processes[0])
            case Kind.FLUSH:
                async with Redis.from_url(self.stack.infrastructure.redis.url()) as redis:
                    await redis.flushall()

    async def _end(self, process: ChildProcess) -> None:
        """In order; what does not end by then is killed, as an orchestrator does it."""
        process.terminate()
        if not await asyncio.to_thread(process.wait, _END_SECONDS):
            self._note(process.name, f"did not end within {_END_SECONDS:g} s of SIGTERM")
            process.kill()

    async def _recover(self, names: Sequence[str]) -> None:
        deadline = self.clock() + _HEAL_SECONDS
        for name in names:
            self._start(name)
        for name in names:
            while not await self._serves(name):
                if self.clock() > deadline:
                    self._note(name, f"does not serve after {_HEAL_SECONDS:g} s")
                    return
                self._start(name)
                await asyncio.sleep(_POLL_SECONDS)

    async def _watch(self) -> None:
        """What ends while nobody has harmed it is noted, and started again."""
        while True:
            self.revive()
            await asyncio.sleep(1)

    def revive(self) -> None:
        """Note and start what has ended by itself."""
        for name, process in self.stack.processes.items():
            if name not in self._held and not process.is_running():
                self._note(name, f"ended with {process.outcome()}")
                self._start(name)

    def _note(self, name: str, what: str) -> None:
        happened = f"{self.clock():.1f} s: {name} {what}"
        if any(name.startswith(spec.name) for spec in SERVICES):
            self.crashes.append(crashed(happened))
        else:
            self.mishaps.append(happened)

    def _start(self, name: str) -> None:
        """In the thread that ends last: children that another one starts would outlive us."""
        if isinstance(self._component(name), KafkaServer):
            self.stack.processes[name].start()
        else:
            self._component(name).launch()

    async def _serves(self, name: str) -> bool:
        try:
            return await asyncio.to_thread(self._is_ready, name)
        except LocalStackError:
            return False  # it has ended again

    def _is_ready(self, name: str) -> bool:
        component = self._component(name)
        if isinstance(component, KafkaServer):
            number = self._nodes().index(name)
            return ports.accepts(component.ports[number])
        return component.is_ready()

    def _nodes(self) -> list[str]:
        return [process.name for process in self.stack.infrastructure.broker.processes]

    def _component(self, name: str) -> Component:
        return next(
            each
            for each in self.stack.components
            if name in {process.name for process in each.processes}
        )


def as_rows(injuries: Sequence[Injury]) -> list[dict[str, object]]:
    """Injuries as a report has them."""
    return [asdict(injury) for injury in injuries]
