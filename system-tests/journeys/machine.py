"""The machine that a platform runs on: its processes die, freeze and are told to go."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from pinstack_local.child import ChildProcess
from pinstack_local.stack import Stack
from service_kit.testing import eventually

from journeys.people import Platform

RESTART_SECONDS: Final = 30


class Machine:
    """Ends and starts processes by the name of their service, all replicas of it."""

    def __init__(self, stack: Stack, platform: Platform) -> None:
        self.stack = stack
        self._platform = platform

    @property
    def broker(self) -> str:
        """The name of the broker."""
        return self.stack.infrastructure.broker.name

    def replicas(self, name: str) -> list[ChildProcess]:
        """The processes of a service, the first one first."""
        return [
            process
            for found, process in self.stack.processes.items()
            if found == name or found.rpartition("-")[0] == name
        ]

    def kill(self, name: str) -> None:
        """SIGKILL."""
        for process in self.replicas(name):
            process.kill()
            assert process.outcome() == "signal SIGKILL"

    def start(self, name: str) -> None:
        """Start what is dead."""
        for process in self.replicas(name):
            process.start()

    async def end(self, name: str, number: int = 0) -> None:
        """SIGTERM to one replica, and wait until it has finished its work."""
        process = self.replicas(name)[number]
        process.terminate()
        await eventually(lambda: not process.is_running(), RESTART_SECONDS, f"{name} ends")
        assert process.outcome() == "exit code 0"

    @asynccontextmanager
    async def dead(self, name: str) -> AsyncIterator[None]:
        """SIGKILL; after the block the service is up again."""
        self.kill(name)
        async with self.mended():
            yield

    @asynccontextmanager
    async def mended(self) -> AsyncIterator[None]:
        """After the block whatever died in it is up again."""
        try:
            yield
        finally:
            await self.heal()

    @asynccontextmanager
    async def frozen(self, name: str) -> AsyncIterator[None]:
        """Nothing of a service answers while the block runs, and its connections stay open."""
        for process in self.replicas(name):
            process.suspend()
        try:
            yield
        finally:
            for process in self.replicas(name):
                process.resume()
            await self.heal()

    async def ready(self, *names: str) -> None:
        """Wait until services (all without names) say that they are ready."""
        await asyncio.to_thread(self.stack.wait_ready, *names, timeout=RESTART_SECONDS)

    async def heal(self) -> None:
        """Start whatever is dead, and wait until the services have found each other again."""
        for process in self.stack.processes.values():
            process.start()
        await self.ready()
        await eventually(self._platform.works, RESTART_SECONDS, "the platform works again")
