"""Process ids on disk: what a stack started, so that a later one can clean up after a crash."""

import json
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import psutil
from pinstack_local import identity
from pinstack_local.waiting import wait_until

SUFFIX = ".pid"


class PidFiles:
    """One file per running child of a stack, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, name: str, pid: int, stop_signal: signal.Signals) -> None:
        """Remember that this stack started `pid`."""
        self._folder.mkdir(parents=True, exist_ok=True)
        entry = {"pid": pid, "identity": identity.of_process(pid), "stop_signal": int(stop_signal)}
        temporary = self._path(name).with_suffix(".tmp")
        temporary.write_text(json.dumps(entry))
        temporary.replace(self._path(name))

    def remove(self, name: str) -> None:
        """Forget a child that has ended."""
        self._path(name).unlink(missing_ok=True)

    def is_running(self, name: str) -> bool:
        """Say whether the child of that name lives."""
        return self.pid(name) is not None

    def pid(self, name: str) -> int | None:
        """Return the process id of the child of that name; None if it does not live."""
        entry = _live(self._path(name))
        return entry.pid if entry else None

    def stop_leftovers(self, grace: float = 10) -> list[str]:
        """End the children of a crashed run, and return their names.

        Only a process whose id *and* start time are on file is touched; a file whose process is
        gone, or whose id now belongs to somebody else, is only removed.
        """
        stopped = []
        for path in sorted(self._folder.glob(f"*{SUFFIX}")):
            if _stop(path, grace):
                stopped.append(path.stem)
            path.unlink(missing_ok=True)
        return stopped

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}{SUFFIX}"


class _Entry(NamedTuple):
    """What a file says of a process that lives."""

    pid: int
    identity: str | None
    stop_signal: int


def _live(path: Path) -> _Entry | None:
    """Return what is on file, if the process that it names still is the same one."""
    try:
        found = json.loads(path.read_text())
        entry = _Entry(int(found["pid"]), found["identity"], int(found["stop_signal"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    is_same = entry.identity is not None and identity.of_process(entry.pid) == entry.identity
    return entry if is_same else None


def _stop(path: Path, grace: float) -> bool:
    entry = _live(path)
    if entry is None:
        return False
    pid, known, stop_signal = entry
    family = _family(pid)
    os.kill(pid, stop_signal)
    os.kill(pid, signal.SIGCONT)
    wait_until(lambda: identity.of_process(pid) != known, grace)
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    return True


def _family(pid: int) -> list[psutil.Process]:
    try:
        leader = psutil.Process(pid)
        return [leader, *leader.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
