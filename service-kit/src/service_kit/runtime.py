"""Run a service until it is told to stop: signals, draining, and the tasks in its background."""

import asyncio
import gc
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import uvloop
from prometheus_client import disable_created_metrics
from service_kit import logs, metrics, tracing
from service_kit.config import ProcessSettings, TelemetrySettings
from service_kit.health import Health

_LAG_INTERVAL = 0.5
_GARBAGE = 10_000
"""New objects, less those that are gone, after which cycles are looked for."""


class Background:
    """Owner of the tasks that run beside the requests; the first one to crash is its `failure`."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self.failure: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def start(self, work: Coroutine[Any, Any, object], name: str) -> None:
        """Run `work` until it ends or the service does."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        logs.get(__name__).critical("background task crashed", task=task.get_name(), exc_info=error)
        if not self.failure.done():
            self.failure.set_result(task.get_name())

    async def stop(self) -> None:
        """Cancel what still runs and wait for its end."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.failure.cancel()


@asynccontextmanager
async def background() -> AsyncIterator[Background]:
    """Tasks that live as long as the block."""
    tasks = Background()
    try:
        yield tasks
    finally:
        await tasks.stop()


@dataclass(frozen=True, slots=True)
class Running:
    """A service that is up: where it listens, how it is, what runs beside its requests.

    `port` is the one that it serves: gRPC, or HTTP for the gateway.
    """

    port: int
    admin_port: int
    health: Health
    tasks: Background


class Settings(Protocol):
    """The sections of a service's settings that the runtime itself needs."""

    @property
    def process(self) -> ProcessSettings: ...
    @property
    def telemetry(self) -> TelemetrySettings: ...


S = TypeVar("S", bound=Settings)


def run(
    service: str, running: Callable[[S], AbstractAsyncContextManager[Running]], settings: S
) -> None:
    """Run a service in this process until SIGTERM or SIGINT, then exit with 0.

    A crashed background task ends the process with 1, and so does a start that fails.
    """
    logs.configure(service, settings.process.log_level)
    disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each, of no use
    with (
        tracing.exporting(service, settings.telemetry),
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        code = runner.run(_until_stopped(service, running(settings)))
    sys.exit(code)


def _rarely_collect() -> None:
    """Look for garbage in cycles less often, and never again among what was loaded to start.

    A batch of events is thousands of objects that live for a moment: with Python's own threshold
    (700) they were looked through again and again, for a third of the time of a busy consumer.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GARBAGE)


async def _until_stopped(service: str, starting: AbstractAsyncContextManager[Running]) -> int:
    """Hold the service up until a signal (0) or a crashed task (1); a signal also ends a start."""
    told = asyncio.Event()
    up = False
    whole = asyncio.current_task()

    def stop() -> None:
        told.set()
        if not up and whole is not None:
            whole.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    log = logs.get(__name__)
    try:
        async with starting as service_up:
            up = True
            _rarely_collect()
            service_up.health.started()
            service_up.tasks.start(_watch_lag(service), "event loop lag")
            log.info("started", port=service_up.port, admin_port=service_up.admin_port)
            code = await _first(told, service_up.tasks.failure)
            service_up.health.draining = True
            log.info("stopping", exit_code=code)
    except asyncio.CancelledError:
        return 0
    except OSError as error:
        log.critical("cannot start", reason=str(error))
        return 1
    return code


async def _first(told: asyncio.Event, failure: asyncio.Future[str]) -> int:
    signalled = asyncio.create_task(told.wait(), name="signal")
    either: set[asyncio.Future[Any]] = {signalled, failure}
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
    finally:
        signalled.cancel()
    return 1 if failure.done() else 0


async def _watch_lag(service: str) -> None:
    lag = metrics.EVENT_LOOP_LAG.labels(service)
    while True:
        due = time.monotonic() + _LAG_INTERVAL
        await asyncio.sleep(_LAG_INTERVAL)
        lag.observe(max(0.0, time.monotonic() - due))
