"""The machine: what it is, and keeping to two cores of it."""

import os
import platform
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Final

import psutil

CORES: Final = 2
"""That everything has, generator included: the measure of the published figures."""
_PACKAGES: Final = ("fastapi", "starlette", "uvicorn", "uvloop", "httptools", "grpcio", "protobuf")
_PACKAGES_BELOW: Final = ("asyncpg", "aiokafka", "redis", "orjson", "pydantic", "psutil")


def keep_to_cores(count: int = CORES) -> int:
    """Have this process, and all that it starts, run on the first `count` cores it may use.

    Returns how many there are of them.
    """
    allowed = sorted(os.sched_getaffinity(0))[:count]
    os.sched_setaffinity(0, allowed)
    return len(allowed)


def facts() -> dict[str, str]:
    """Processor, cores, memory, kernel, and the versions that the figures depend on."""
    memory = psutil.virtual_memory().total / 2**30
    found = {
        "processor": _processor(),
        "cores used": f"{len(os.sched_getaffinity(0))} of {psutil.cpu_count()}",
        "memory": f"{memory:.0f} GiB",
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load average": " ".join(f"{load:.1f}" for load in os.getloadavg()),
    }
    return found | {name: version(name) for name in (*_PACKAGES, *_PACKAGES_BELOW)}


def _processor() -> str:
    lines: Iterable[str] = Path("/proc/cpuinfo").read_text().splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
