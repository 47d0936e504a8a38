"""Telling one process from a later one that got the same process id."""

import sys
from pathlib import Path

import psutil

START_TIME_FIELD = 19  # of /proc/<pid>/stat, counted after the command's closing bracket


def of_process(pid: int) -> str | None:
    """Return text that is equal for the same process only; none if there is no such process.

    On Linux it is the boot and the start time in clock ticks since then: a wall-clock start time
    moves when the clock is set. A zombie counts as gone.
    """
    try:
        if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return None
        if sys.platform != "linux":
            return str(psutil.Process(pid).create_time())
        stat = Path(f"/proc/{pid}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
        return None
    return f"{boot}:{stat.rpartition(')')[2].split()[START_TIME_FIELD]}"
