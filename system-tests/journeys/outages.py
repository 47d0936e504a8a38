"""Processes that die, freeze and are told to go, as the machine and its keeper do it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

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


@contextmanager
def killed(stack: Stack, name: str) -> Iterator[None]:
    """SIGKILL every process of a service; they stay dead while the block runs."""
    for process in replicas(stack, name):
        process.kill()
        assert process.outcome() == "signal SIGKILL"
    try:
        yield
    finally:
        for process in replicas(stack, name):
            process.start()


@contextmanager
def frozen(stack: Stack, name: str) -> Iterator[None]:
    """Nothing of a service answers while the block runs, and its connections stay open."""
    for process in replicas(stack, name):
        process.suspend()
    try:
        yield
    finally:
        for process in replicas(stack, name):
            process.resume()


@asynccontextmanager
async def restarting(stack: Stack, process: ChildProcess) -> AsyncIterator[None]:
    """SIGTERM; the block runs while the process finishes its work, and then it is started again."""
    process.terminate()
    try:
        yield
        await eventually(lambda: not process.is_running(), RESTART_SECONDS, f"{process.name} ends")
        assert process.outcome() == "exit code 0"
    finally:
        process.start()
        await ready(stack)


async def ready(stack: Stack) -> None:
    """Wait until everything is ready again."""
    await asyncio.to_thread(stack.wait_ready, timeout=RESTART_SECONDS)
