"""Processor time and memory of processes, their children included."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import psutil


@dataclass(frozen=True)
class Usage:
    """Cores used on average, and memory held at the end in MiB (resident; shared pages count)."""

    cores: float
    rss_mib: float


@dataclass
class Watch:
    """Filled when the watched block ends."""

    usage: dict[str, Usage] = field(default_factory=dict)


@contextmanager
def watched(pids: Mapping[str, int]) -> Iterator[Watch]:
    """Watch named processes while the block runs."""
    watch, begun = Watch(), time.monotonic()
    before = {name: _cpu_seconds(pid) for name, pid in pids.items()}
    yield watch
    elapsed = time.monotonic() - begun
    for name, pid in pids.items():
        cores = (_cpu_seconds(pid) - before[name]) / elapsed
        watch.usage[name] = Usage(round(cores, 3), round(rss_mib(pid), 1))


def rss_mib(pid: int) -> float:
    """Resident memory of a process and its children, in MiB."""
    total = 0
    for process in _family(pid):
        with suppress(psutil.NoSuchProcess):
            total += process.memory_info().rss
    return total / 2**20


def _cpu_seconds(pid: int) -> float:
    seconds = 0.0
    for process in _family(pid):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            seconds += times.user + times.system
    return seconds


def _family(pid: int) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        leader = psutil.Process(pid)
        return [leader, *leader.children(recursive=True)]
    return []
