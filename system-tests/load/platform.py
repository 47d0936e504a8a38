"""A platform to measure: all services on this machine, no limits, known data in it."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from pinstack_local.catalogue import SERVICES, ServiceSpec
from pinstack_local.settings import StackSettings, broker_kind, repository_root
from pinstack_local.stack import Stack

from load.loading import Person, fill

API = "/api/v1"


@dataclass(frozen=True)
class Platform:
    """A running platform; `people` are those who are signed in, with their tokens."""

    stack: Stack
    people: tuple[Person, ...]

    @property
    def url(self) -> str:
        """`http://host:port` of the gateway."""
        return self.stack.gateway_url

    @property
    def pids(self) -> dict[str, int]:
        """The platform's own six processes by name."""
        return {name: pid for name, pid in self.all_pids.items() if self._is_own(name)}

    @property
    def all_pids(self) -> dict[str, int]:
        """The same, and PostgreSQL, Redis and the broker."""
        processes = self.stack.processes.items()
        return {name: process.pid for name, process in processes if process.pid is not None}

    def _is_own(self, name: str) -> bool:
        return any(name == service.instance.name for service in self.stack.services)


@contextmanager
def running(
    environment: Mapping[str, str] | None = None,
    *,
    root: Path | None = None,
    python: Path | None = None,
    replicas: Mapping[str, int] | None = None,
    broker: str | None = None,
) -> Iterator[Platform]:
    """A platform while the block runs: free ports, a temporary folder, the data set of `dataset`.

    `environment` goes to all services; `root` is the repository whose migrations and services
    run, `python` the interpreter that has them installed (else this one's), `broker` what BROKER
    names (else what BENCH_BROKER says).
    """
    with tempfile.TemporaryDirectory(prefix="pinstack-load-") as folder:
        settings = StackSettings(
            data_dir=Path(folder),
            replicas=replicas or {},
            broker=broker_kind({"BROKER": broker or os.environ.get("BENCH_BROKER", "")}),
            environment={"RATE_LIMIT_ENABLED": "false", **(environment or {})},
            start_timeout=120,
            services=tuple(_run_by(spec, python) for spec in SERVICES),
            root=root or repository_root(),
        )
        with Stack(settings) as stack:
            yield Platform(stack, fill(stack))


def _run_by(spec: ServiceSpec, python: Path | None) -> ServiceSpec:
    return spec if python is None else replace(spec, command=(str(python), *spec.command[1:]))
