"""Programs, services and stacks for tests, with stand-ins for what the platform has."""

import os
import sys
from pathlib import Path
from typing import Any

from pinstack_local.catalogue import ServiceSpec
from pinstack_local.child import ChildProcess, Program
from pinstack_local.settings import StackSettings

from tests import stand_in


def program(folder: Path, *command: str, **changes: Any) -> Program:
    """A program that logs to `<folder>/program.log`."""
    values: dict[str, Any] = {"name": "program", "log_path": folder / "program.log"} | changes
    return Program(command=command, **values)


def python(folder: Path, code: str, **changes: Any) -> ChildProcess:
    """A child that runs Python code."""
    return ChildProcess(program(folder, sys.executable, "-c", code, **changes))


def stand_in_service(domain: str, mode: str = "serve") -> ServiceSpec:
    """A service that the stand-in program plays."""
    prefix = domain.upper()
    return ServiceSpec(
        name=f"{domain}-service",
        prefix=prefix,
        command=(sys.executable, stand_in.__file__, prefix, mode),
        port=50000,
        admin_port=8000,
        database=f"{domain}_service",
        migrated=False,
        secrets=(f"{prefix}_KEY_SECRET",),
    )


def stand_in_gateway(mode: str = "serve") -> ServiceSpec:
    """A gateway that the stand-in program plays."""
    return ServiceSpec(
        name="api-gateway",
        prefix="GATEWAY",
        command=(sys.executable, stand_in.__file__, "GATEWAY", mode),
        port=8080,
        admin_port=8086,
        secrets=("GATEWAY_CURSOR_SECRET",),
    )


def stack_settings(folder: Path, **changes: Any) -> StackSettings:
    """One stand-in service and a stand-in gateway, on free ports, in `<folder>/data`."""
    values: dict[str, Any] = {
        "data_dir": folder / "data",
        "root": folder,
        "services": (stand_in_service("user"), stand_in_gateway()),
        "durable": False,
        "start_timeout": 20,
    }
    return StackSettings(**(values | changes))


def exists(pid: int) -> bool:
    """Say whether a process with that id lives (a zombie does not)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"
