"""What keeps a process that looks into strangers' files within bounds."""

import ctypes
import os
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

_THIS_PROCESS: Final = 0
_LOWEST: Final = 19
_OPEN_FILES: Final = 64
_LARGEST_FILE: Final = 1024 * 1024 * 1024
_PR_SET_PDEATHSIG: Final = 1


def bound(memory: int, seconds: int, *, in_idle_time: bool) -> None:
    """Bound this process and each that it starts: bytes of memory, seconds of CPU, files.

    It takes only time that nobody else wants (`SCHED_IDLE`, where there is such a thing), which
    holds within a session or a container. Of all processes it goes first when memory is short.
    """
    ends_with_its_parent()
    if in_idle_time:
        os.nice(_LOWEST)
        with suppress(OSError, AttributeError):
            os.sched_setscheduler(_THIS_PROCESS, os.SCHED_IDLE, os.sched_param(0))
    _limit(resource.RLIMIT_AS, memory)
    _limit(resource.RLIMIT_CPU, seconds)
    _limit(resource.RLIMIT_FSIZE, _LARGEST_FILE)
    _limit(resource.RLIMIT_NOFILE, _OPEN_FILES)
    _limit(resource.RLIMIT_CORE, 0)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def ends_with_its_parent() -> None:
    """Have the kernel (Linux) end this process when the one that started it dies, however."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _limit(what: int, most: int) -> None:
    resource.setrlimit(what, (most, most))
