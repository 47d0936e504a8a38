"""Processes that die, freeze and are told to go, as the machine and its keeper do it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pinstack_local.child import ChildProcess
from pinstack_local.stack import Stack
from service_kit.testing import eventually

RESTART_SECONDS = 30


def replicas(stack: Stack, name: str) -> list[ChildProcess]:
    """The processes of a service, the first one first."""
    return [
        process
        for found, process in stack.processes.items()
        if found == name or found.rpartition("-")[0] == name
    ]


@asynccontextmanager
async def dead(stack: Stack, name: str) -> AsyncIterator[None]:
    """SIGKILL every process of a service; after the block it is up again."""
    kill(stack, name)
    try:
        yield
    finally:
        start(stack, name)
        await ready(stack)


def kill(stack: Stack, name: str) -> None:
    """SIGKILL every process of a service."""
    for process in replicas(stack, name):
        process.kill()
        assert process.outcome() == "signal SIGKILL"


def start(stack: Stack, name: str) -> None:
    """Start every process of a service again."""
    for process in replicas(stack, name):
        process.start()


@asynccontextmanager
async def frozen(stack: Stack, name: str) -> AsyncIterator[None]:
    """Nothing of a service answers while the block runs, and its connections stay open."""
    for process in replicas(stack, name):
        process.suspend()
    try:
        yield
    finally:
        for process in replicas(stack, name):
            process.resume()
        await ready(stack)


async def end(process: ChildProcess) -> None:
    """SIGTERM, and wait until the process has finished its work."""
    process.terminate()
    await eventually(lambda: not process.is_running(), RESTART_SECONDS, f"{process.name} ends")
    assert process.outcome() == "exit code 0"


async def ready(stack: Stack) -> None:
    """Wait until everything is ready again."""
    await asyncio.to_thread(stack.wait_ready, timeout=RESTART_SECONDS)


async def heal(stack: Stack) -> None:
    """Start whatever is dead, and wait until everything is ready."""
    for process in stack.processes.values():
        process.start()
    await ready(stack)
