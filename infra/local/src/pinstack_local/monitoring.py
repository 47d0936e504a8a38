"""Prometheus and Alertmanager beside the platform, where this machine has them."""

import json
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pinstack_local import readiness
from pinstack_local.child import ChildProcess, Program
from pinstack_local.component import Component
from pinstack_local.errors import MissingTool
from pinstack_local.layout import Instance, Layout
from pinstack_local.pidfiles import PidFiles
from pinstack_local.ports import LOOPBACK
from pinstack_local.settings import StackSettings

# Debian gives Alertmanager another name than its makers do.
PROGRAMS = {
    "prometheus": ("prometheus",),
    "alertmanager": ("alertmanager", "prometheus-alertmanager"),
}
RETENTION = "7d"


class WatchingServer(Component):
    """One of the two: an HTTP server that says on `/-/ready` when it is."""

    def __init__(self, program: Program, port: int, pid_files: PidFiles) -> None:
        self.name = program.name
        self.log_path = program.log_path
        self.port = port
        self.process = ChildProcess(program, pid_files)

    @property
    def url(self) -> str:
        """The root of its API and pages."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def processes(self) -> tuple[ChildProcess]:
        """The server's only process."""
        return (self.process,)

    def launch(self) -> None:
        """Start it."""
        self.process.start()

    def is_ready(self) -> bool:
        """Say whether it answers."""
        self.process.require_running()
        return readiness.ask(LOOPBACK, self.port, "/-/ready").status == 200

    def stop(self) -> None:
        """Have it write down what it holds, and end."""
        self.process.stop()


def servers(
    settings: StackSettings, layout: Layout, pid_files: PidFiles
) -> tuple[WatchingServer, ...]:
    """Alertmanager and Prometheus; nothing where they are not wanted.

    Raises MissingTool where they are wanted and not installed.
    """
    if not settings.monitoring:
        return ()
    programs = {name: _found(name, candidates) for name, candidates in PROGRAMS.items()}
    folder = settings.data_dir.absolute() / "monitoring"
    folder.mkdir(parents=True, exist_ok=True)
    commands = {
        "alertmanager": _alertmanager(settings.root, layout, folder),
        "prometheus": _prometheus(settings.root, layout, folder),
    }
    ports = {"alertmanager": layout.alertmanager_port, "prometheus": layout.prometheus_port}
    return tuple(
        WatchingServer(
            Program(
                name=name,
                command=(programs[name], *arguments),
                log_path=settings.data_dir.absolute() / "logs" / f"{name}.log",
                folder=folder,
            ),
            ports[name],
            pid_files,
        )
        for name, arguments in commands.items()
    )


def configuration(
    rules: str, instances: Iterable[Instance], prometheus_port: int, alertmanager_port: int
) -> dict[str, Any]:
    """What Prometheus is told: monitoring/prometheus/prometheus.yml, with other ports."""
    alertmanager = [f"{LOOPBACK}:{alertmanager_port}"]
    return {
        "global": {
            "scrape_interval": "5s",
            "scrape_timeout": "3s",
            "evaluation_interval": "15s",
        },
        "rule_files": [rules],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": alertmanager}]}]},
        "scrape_configs": [
            {
                "job_name": "pinstack",
                "honor_labels": True,
                "static_configs": [_target(instance) for instance in instances],
            },
            _job("prometheus", [f"{LOOPBACK}:{prometheus_port}"]),
            _job("alertmanager", alertmanager),
        ],
    }


def _target(instance: Instance) -> dict[str, Any]:
    labels = {"app": instance.spec.name, "service": instance.spec.name}
    return {"targets": [f"{instance.host}:{instance.admin_port}"], "labels": labels}


def _job(name: str, targets: Sequence[str]) -> dict[str, Any]:
    return {"job_name": name, "static_configs": [{"targets": targets}]}


def _prometheus(root: Path, layout: Layout, folder: Path) -> tuple[str, ...]:
    rules = str(root / "monitoring" / "prometheus" / "rules" / "*.yml")
    told = configuration(rules, layout.instances, layout.prometheus_port, layout.alertmanager_port)
    file = folder / "prometheus.yml"
    file.write_text(json.dumps(told, indent=2))  # JSON is YAML
    return (
        f"--config.file={file}",
        f"--storage.tsdb.path={folder / 'prometheus'}",
        f"--storage.tsdb.retention.time={RETENTION}",
        f"--web.listen-address={LOOPBACK}:{layout.prometheus_port}",
        "--enable-feature=exemplar-storage",
    )


def _alertmanager(root: Path, layout: Layout, folder: Path) -> tuple[str, ...]:
    return (
        f"--config.file={root / 'monitoring' / 'alertmanager' / 'alertmanager.yml'}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address={LOOPBACK}:{layout.alertmanager_port}",
        "--cluster.listen-address=",
    )


def _found(name: str, candidates: Sequence[str]) -> str:
    for candidate in candidates:
        if path := shutil.which(candidate):
            return path
    raise MissingTool(
        f"MONITORING=1 needs {name}, which is not installed"
        " (on Debian: apt-get install prometheus prometheus-alertmanager)"
    )
