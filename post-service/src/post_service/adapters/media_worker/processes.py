"""A process for each file, as many at once as are allowed."""

import asyncio
import json
import os
import resource
import signal
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen, TimeoutExpired
from typing import Any, Final

from service_kit import logs, metrics
from service_kit.work_budget import WorkBudget

from post_service.domain.media import Outcome, ProcessingFailed, Variant, WorkerDied

_MODULE: Final = __package__
_PASSED_ON: Final = ("PATH", "LD_LIBRARY_PATH", "LANG", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH")
"""A process that looks into strangers' files is told nothing else: no secrets."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the work on one file may take: seconds of CPU, and `patience` by the clock on the wall.

    In idle time the first may take long; the lease on an upload is longer than both.
    """

    pixels: int = 50_000_000
    memory: int = 1536 * 1024 * 1024
    seconds: int = 60
    patience: int = 150


class WorkerProcesses:
    """Makes what is shown of files, each in a process that cannot outgrow its bounds.

    The processor time of all of them is paid for from the budget.
    """

    def __init__(self, bounds: Bounds, budget: WorkBudget) -> None:
        self._bounds = bounds
        self._budget = budget
        self._paid = _time_of_processes()

    async def process(
        self, source: Path, folder: Path, content_type: str, *, in_idle_time: bool
    ) -> Outcome:
        """See `Processors`."""
        started, outcome = time.perf_counter(), "failed"
        try:
            found = await self._ask(source, folder, content_type, in_idle_time)
            outcome = "ready"
        finally:
            self._pay()
            seconds = time.perf_counter() - started
            kind = content_type.partition("/")[0]
            metrics.MEDIA_PROCESSING_DURATION.labels(kind, outcome).observe(seconds)
        return found

    def _pay(self) -> None:
        """For all that has ended since the last time, whosever file it was."""
        taken = _time_of_processes()
        self._budget.spend(taken - self._paid)
        self._paid = taken

    async def _ask(
        self, source: Path, folder: Path, content_type: str, in_idle_time: bool
    ) -> Outcome:
        limits = json.dumps({**asdict(self._bounds), "in_idle_time": in_idle_time})
        command = [sys.executable, "-m", str(_MODULE), limits]
        command += [str(source), str(folder), content_type]
        code, output, errors = await _run(command, self._bounds.patience)
        if code != 0:
            reason = errors[-500:].decode("utf-8", "replace")
            logs.get(__name__).warning("media worker died", code=code, reason=reason)
            raise WorkerDied
        return outcome_from(json.loads(output))


def _time_of_processes() -> float:
    """Seconds of processor time of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def _run(command: list[str], seconds: float) -> tuple[int, bytes, bytes]:
    """Exit code, output and errors of a process, which ends with the caller at the latest.

    By `subprocess`, which uses vfork: at a fork of the event loop's own, gRPC's handlers abort the
    child while a call is under way.
    """
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}

    def start() -> Popen[bytes]:
        return Popen(  # noqa: S603
            command,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            env=environment,
            process_group=0,  # of the session of its service, which shares its processors
        )

    process = await asyncio.to_thread(start)
    try:
        output, errors = await asyncio.to_thread(process.communicate, timeout=seconds)
    except TimeoutExpired as error:
        for pipe in (process.stdout, process.stderr):
            assert pipe is not None  # noqa: S101 - it was asked for
            pipe.close()
        raise WorkerDied from error  # it waited for the machine
    finally:
        if process.poll() is None:  # its group: what it has started goes with it
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return process.returncode, output, errors


def outcome_from(found: dict[str, Any]) -> Outcome:
    """What a worker says it has made. Raises `ProcessingFailed` where it says why it has not."""
    if failure := found.get("failure"):
        raise ProcessingFailed(failure)
    return Outcome(
        width=found["width"],
        height=found["height"],
        blurhash=found["blurhash"],
        variants=tuple(Variant(**made) for made in found["made"]),
        kept_as_sent=found["kept_as_sent"],
        duration_ms=found["duration_ms"],
    )
