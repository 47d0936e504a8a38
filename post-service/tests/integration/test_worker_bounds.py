"""The process that looks into a file ends at its bounds, and with it whatever it has started."""

import asyncio
import os
import sys
from pathlib import Path

import psutil
import pytest
from service_kit.testing import eventually
from service_kit.work_budget import WorkBudget

from post_service.adapters.media_worker.processes import Bounds, WorkerProcesses
from post_service.application.processing import Processing
from post_service.domain.media import Arrival, ProcessingFailed, State, WorkerDied
from tests.builders import NOW, worker_processes
from tests.media_fakes import DAY, InMemoryObjects, InMemoryUploads
from tests.pictures import a_picture

MIB = 1024 * 1024
LARGE = (6000, 6000)
SLOW = 60
"""Seconds in which a worker that has idle time only starts, even on a busy machine."""
TOO_LITTLE = [Bounds(memory=20 * MIB), Bounds(seconds=1)]


@pytest.fixture
def shown(tmp_path: Path) -> Path:
    """Where a worker writes."""
    folder = tmp_path / "shown"
    folder.mkdir()
    return folder


def a_file(folder: Path, content: bytes) -> Path:
    """A file to be looked into."""
    path = folder.parent / "source"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("bounds", TOO_LITTLE)
async def test_a_worker_that_needs_more_than_it_may_have_dies(shown: Path, bounds: Bounds) -> None:
    source = a_file(shown, a_picture("PNG", size=LARGE))
    with pytest.raises(WorkerDied):
        await worker_processes(bounds).process(source, shown, "image/png", in_idle_time=False)


async def test_what_processes_take_is_paid_for_whatever_they_come_to(shown: Path) -> None:
    budget = WorkBudget(share=0.001, saved_seconds=0.001, processors=1)
    processes = WorkerProcesses(Bounds(), budget)
    await processes.process(a_file(shown, a_picture()), shown, "image/png", in_idle_time=False)
    owed = budget.wait()
    with pytest.raises(ProcessingFailed):
        await processes.process(
            a_file(shown, b"no picture"), shown, "image/png", in_idle_time=False
        )
    assert 0 < owed < budget.wait()


async def test_a_picture_that_decodes_to_more_than_memory_holds_has_failed(shown: Path) -> None:
    source = a_file(shown, a_picture(size=LARGE))
    with pytest.raises(ProcessingFailed, match="it takes too much memory"):
        await worker_processes(Bounds(memory=200 * MIB)).process(
            source, shown, "image/jpeg", in_idle_time=False
        )


async def test_what_the_worker_dies_of_has_failed_in_the_end_and_the_next_one_is_served() -> None:
    uploads, objects = InMemoryUploads(), InMemoryObjects()
    contents = {"incoming/bad": a_picture("PNG", size=LARGE), "incoming/good": a_picture()}
    numbers = {}
    for key, content in contents.items():
        objects.keep(key, content)
        arrival = Arrival(1, key.encode().ljust(32), "image/png", len(content), (key,))
        numbers[key] = (await uploads.add(arrival, 10**9))[0].id
    processing = Processing(uploads, objects, worker_processes(Bounds(seconds=1)))
    while uploads.now < NOW + DAY:
        while await processing.next():
            pass
        uploads.now += DAY / 10
    states = {key: uploads.rows[number].upload.state for key, number in numbers.items()}
    assert states == {"incoming/bad": State.FAILED, "incoming/good": State.READY}
    assert uploads.rows[numbers["incoming/bad"]].upload.failure == "it could not be processed"
    assert not [key for key in objects.content if key.startswith("incoming/")]


@pytest.fixture
def endless_ffmpeg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An ffmpeg that does nothing, for ever; the file in which it says its process id."""
    noted = tmp_path / "pid"
    for name in ("ffmpeg", "ffprobe"):
        program = tmp_path / name
        program.write_text(
            f"#!/bin/sh\necho $$ > {noted}.new\nmv {noted}.new {noted}\nexec sleep 600\n"
        )
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return noted


def is_gone(noted: Path) -> bool:
    """Whether the process whose id is noted there has ended."""
    try:
        return psutil.Process(int(noted.read_text())).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def never_was(noted: Path) -> bool:
    """Whether no process has noted its id there."""
    return not noted.exists()


def worker_of(noted: Path) -> psutil.Process:
    """The process that has started the one whose id is noted there."""
    worker = psutil.Process(int(noted.read_text())).parent()
    assert worker is not None
    return worker


@pytest.mark.parametrize(("in_idle_time", "end"), [(False, ProcessingFailed), (True, WorkerDied)])
async def test_an_ffmpeg_that_does_not_end_is_ended(
    shown: Path, endless_ffmpeg: Path, in_idle_time: bool, end: type[Exception]
) -> None:
    """In idle time it may have had none: the worker has died, and the next one is given some.

    On a busy machine it may not even have come to start one.
    """
    with pytest.raises(end):
        await worker_processes(Bounds(patience=12)).process(
            a_file(shown, b"x"), shown, "video/mp4", in_idle_time=in_idle_time
        )
    await eventually(
        lambda: (in_idle_time and never_was(endless_ffmpeg)) or is_gone(endless_ffmpeg)
    )


@pytest.mark.skipif(not hasattr(os, "SCHED_IDLE"), reason="no such policy on this system")
@pytest.mark.parametrize("in_idle_time", [True, False])
async def test_a_worker_takes_idle_time_or_its_part(
    shown: Path, endless_ffmpeg: Path, in_idle_time: bool
) -> None:
    work = worker_processes().process(
        a_file(shown, b"x"), shown, "video/mp4", in_idle_time=in_idle_time
    )
    task = asyncio.create_task(work)
    await eventually(endless_ffmpeg.exists, SLOW)
    expected = os.SCHED_IDLE if in_idle_time else os.SCHED_OTHER
    worker = worker_of(endless_ffmpeg)
    policies = [os.sched_getscheduler(each.pid) for each in (worker, *worker.children())]
    assert policies == [expected, expected]
    worker.kill()
    with pytest.raises(WorkerDied):
        await task


async def test_ffmpeg_ends_with_a_worker_that_is_killed(shown: Path, endless_ffmpeg: Path) -> None:
    work = worker_processes().process(a_file(shown, b"x"), shown, "video/mp4", in_idle_time=False)
    task = asyncio.create_task(work)
    await eventually(endless_ffmpeg.exists, SLOW)
    worker_of(endless_ffmpeg).kill()
    with pytest.raises(WorkerDied):
        await task
    await eventually(lambda: is_gone(endless_ffmpeg), 5)


A_SERVICE = """
import asyncio, sys
from pathlib import Path
from post_service.adapters.media_worker.processes import Bounds, WorkerProcesses
from service_kit.work_budget import WorkBudget
source, folder = map(Path, sys.argv[1:])
processes = WorkerProcesses(Bounds(), WorkBudget(1.0, 60.0))
asyncio.run(processes.process(source, folder, "video/mp4", in_idle_time=True))
"""


async def test_both_end_with_a_service_that_is_killed(shown: Path, endless_ffmpeg: Path) -> None:
    source = str(a_file(shown, b"x"))
    service = await asyncio.create_subprocess_exec(
        sys.executable, "-c", A_SERVICE, source, str(shown)
    )
    await eventually(endless_ffmpeg.exists, SLOW)
    worker = worker_of(endless_ffmpeg)
    service.kill()
    await service.wait()
    await eventually(lambda: is_gone(endless_ffmpeg) and not worker.is_running(), 5)


async def test_both_end_with_a_service_that_gives_up(shown: Path, endless_ffmpeg: Path) -> None:
    work = worker_processes().process(a_file(shown, b"x"), shown, "video/mp4", in_idle_time=False)
    task = asyncio.create_task(work)
    await eventually(endless_ffmpeg.exists, SLOW)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await eventually(lambda: is_gone(endless_ffmpeg), 5)
