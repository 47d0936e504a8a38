"""Several processes that share the gateway's port, and one that starts and ends them together."""

import asyncio
import os
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from prometheus_client import REGISTRY, multiprocess
from prometheus_client.metrics import MetricWrapperBase
from service_kit import metrics
from service_kit.health import Health
from service_kit.runtime import Running, background

from api_gateway.config import Settings

METRICS_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
"""prometheus_client keeps its numbers in files there, where it is set before it is imported."""
_GRACE_SECONDS: Final = 5.0
"""How much longer than its drain a worker may take to end."""


@dataclass(frozen=True, slots=True)
class Worker:
    """One of the processes: its number and its share of the port."""

    number: int
    listener: socket.socket

    @property
    def speaks_for_all(self) -> bool:
        """Whether this one holds the admin port."""
        return self.number == 0


class WorkerDied(Exception):
    """A worker ended that nobody told to."""


@asynccontextmanager
async def supervising(settings: Settings) -> AsyncIterator[Running]:
    """All workers while the block runs; when one dies, so does the whole gateway."""
    gateway = settings.gateway
    with tempfile.TemporaryDirectory(prefix="api-gateway-") as folder:
        async with background() as tasks:
            listeners = shares(settings.process.bind_host, gateway.port, gateway.workers)
            port = int(listeners[0].getsockname()[1])
            children = [await _start(Worker(n, one), folder) for n, one in enumerate(listeners)]
            for listener in listeners:
                listener.close()
            ending = asyncio.Event()
            for number, child in enumerate(children):
                tasks.start(_watch(child, ending), f"worker {number}")
            try:
                yield Running(port, gateway.admin_port, Health("api-gateway"), tasks)
            finally:
                ending.set()
                await _end(children, settings.process.drain_seconds + _GRACE_SECONDS)


def shares(host: str, port: int, count: int) -> list[socket.socket]:
    """Listening sockets on one port, among which the kernel spreads connections (SO_REUSEPORT)."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found: list[socket.socket] = []
    for _ in range(count):
        known = found[0].getsockname()[1] if found else port
        found.append(
            socket.create_server((host, known), family=family, backlog=2048, reuse_port=True)
        )
    return found


def worker_of(arguments: Sequence[str]) -> Worker | None:
    """Which worker this process was started as; None for one that nobody supervises."""
    if not arguments:
        return None
    number, descriptor = (int(argument) for argument in arguments)
    return Worker(number, socket.socket(fileno=descriptor))


def read_metrics_of_all() -> None:
    """Have this process's registry give the sum over all workers instead of its own numbers."""
    if METRICS_FOLDER not in os.environ:
        return
    for metric in vars(metrics).values():
        if isinstance(metric, MetricWrapperBase):
            REGISTRY.unregister(metric)
    multiprocess.MultiProcessCollector(REGISTRY)  # type: ignore[no-untyped-call]


async def end_with_supervisor() -> None:
    """Return when the process that started this one is gone: its end of our stdin closes."""
    loop, gone = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), gone.set)
    try:
        await gone.wait()
    finally:
        loop.remove_reader(sys.stdin.fileno())
    raise WorkerDied("the supervisor is gone")


async def _start(worker: Worker, folder: str) -> asyncio.subprocess.Process:
    descriptor = worker.listener.fileno()
    environment: Mapping[str, str] = {**os.environ, METRICS_FOLDER: folder}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "api_gateway",
        str(worker.number),
        str(descriptor),
        stdin=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for the supervisor, which then tells the workers
        pass_fds=(descriptor,),
        env=environment,
    )


async def _watch(child: asyncio.subprocess.Process, ending: asyncio.Event) -> None:
    code = await child.wait()
    if not ending.is_set():
        raise WorkerDied(f"exit code {code}")


async def _end(children: Sequence[asyncio.subprocess.Process], seconds: float) -> None:
    for child in children:
        if child.returncode is None:
            child.terminate()
    try:
        async with asyncio.timeout(seconds):
            await asyncio.gather(*(child.wait() for child in children))
    except TimeoutError:
        for child in children:
            if child.returncode is None:
                child.kill()
