"""The platform's own processes as parts of a stack: the migrations, and each service."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pinstack_local import readiness
from pinstack_local.catalogue import ServiceSpec
from pinstack_local.child import ChildProcess, Program
from pinstack_local.component import Component
from pinstack_local.errors import StartFailed
from pinstack_local.layout import Instance
from pinstack_local.pidfiles import PidFiles

# Beyond the drain time that a service takes for requests in flight.
STOP_MARGIN = 5.0


class ServiceProcess(Component):
    """One instance of a service; ready when `/readyz` of its admin port says so.

    The gateway must say so on the port of its clients, too.

    `environment` is asked at each launch: addresses may have changed since the last one.
    """

    def __init__(
        self,
        instance: Instance,
        environment: Callable[[Instance], Mapping[str, str]],
        logs: Path,
        *,
        folder: Path,
        drain_seconds: float = 10,
        pid_files: PidFiles | None = None,
    ) -> None:
        self.name = instance.name
        self.log_path = logs / f"{instance.name}.log"
        self.instance = instance
        self._environment = environment
        self._grace = drain_seconds + STOP_MARGIN
        self._refusal = "nothing answered yet"
        program = Program(
            name=instance.name,
            command=instance.spec.command,
            log_path=self.log_path,
            folder=folder,
        )
        self.process = ChildProcess(program, pid_files)

    @property
    def processes(self) -> tuple[ChildProcess]:
        """The service's only process (the gateway's workers are its children)."""
        return (self.process,)

    def launch(self) -> None:
        """Start it with the addresses of this moment."""
        if not self.process.is_running():
            environment = dict(self._environment(self.instance))
            self.process.program = replace(self.process.program, environment=environment)
            self.process.start()

    def is_ready(self) -> bool:
        """Say whether it takes requests."""
        self.process.require_running()
        ports = [self.instance.admin_port]
        if self.instance.spec.database is None:
            ports.append(self.instance.port)
        for port in ports:
            answer = readiness.ask(self.instance.host, port)
            if answer.status != 200:
                self._refusal = f"{answer.status or ''} {answer.body}".strip()
                return False
        return True

    def lateness(self, timeout: float) -> str:
        """Say what `/readyz` said last."""
        return f"{super().lateness(timeout)}; /readyz: {self._refusal}"

    def stop(self) -> None:
        """Let it finish the requests in flight, and end it."""
        self.process.stop(self._grace)


class Migrations(Component):
    """One process that brings every database to its newest revision; ready when it has ended."""

    def __init__(
        self,
        specs: Sequence[ServiceSpec],
        environment: Callable[[], Mapping[str, str]],
        log_path: Path,
        *,
        root: Path,
        pid_files: PidFiles | None = None,
    ) -> None:
        self.name = "migrations"
        self.log_path = log_path
        self._environment = environment
        jobs = [
            part
            for spec in specs
            if spec.database and spec.migrated
            for part in (spec.name, str(root / spec.name / "migrations"), spec.database_variable)
        ]
        program = Program(
            name=self.name,
            command=(sys.executable, "-m", "pinstack_local.migration_runner", *jobs),
            log_path=log_path,
            folder=root,
        )
        self.process = ChildProcess(program, pid_files)

    @property
    def processes(self) -> tuple[ChildProcess]:
        """The process that migrates."""
        return (self.process,)

    def launch(self) -> None:
        """Start migrating."""
        environment = dict(self._environment())
        self.process.program = replace(self.process.program, environment=environment)
        self.process.start()

    def is_ready(self) -> bool:
        """Say whether all databases are migrated; raises StartFailed if one could not be."""
        if self.process.is_running():
            return False
        if self.process.exit_code != 0:
            last = self.process.log_tail(1)
            reason = last[0] if last else f"ended with {self.process.outcome()}"
            raise StartFailed(self.name, reason, self.log_path)
        return True

    def stop(self) -> None:
        """Interrupt it; the migration at work is rolled back."""
        self.process.stop()
