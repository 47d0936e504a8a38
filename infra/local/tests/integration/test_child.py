"""Child processes start, end and are found again exactly."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from pinstack_local import identity
from pinstack_local.child import ChildProcess
from pinstack_local.errors import StartFailed
from pinstack_local.pidfiles import PidFiles
from pinstack_local.waiting import wait_until

from tests.builders import exists, program, python

FOREVER = "import signal; print('up', flush=True); signal.pause()"
IGNORES_SIGTERM = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + FOREVER
HAS_A_CHILD = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {FOREVER!r}])
print(child.pid, flush=True)
child.wait()
"""


def started(child: ChildProcess) -> int:
    """Start it, wait until it has written a line, and return its id."""
    child.start()
    assert wait_until(lambda: child.log_tail() != [], 10)
    assert child.pid is not None
    return child.pid


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[ChildProcess]:
    child = python(tmp_path, FOREVER)
    yield child
    child.kill()


def test_stop_ends_it_by_sigterm(sleeper: ChildProcess) -> None:
    pid = started(sleeper)
    sleeper.stop()
    assert (sleeper.outcome(), sleeper.pid, exists(pid)) == ("signal SIGTERM", None, False)


def test_stop_kills_what_ignores_sigterm_after_the_grace(tmp_path: Path) -> None:
    child = python(tmp_path, IGNORES_SIGTERM)
    pid = started(child)
    child.stop(grace=0.2)
    assert (child.outcome(), exists(pid)) == ("signal SIGKILL", False)


def test_stop_ends_a_suspended_process(sleeper: ChildProcess) -> None:
    pid = started(sleeper)
    sleeper.suspend()
    assert wait_until(lambda: psutil.Process(pid).status() == psutil.STATUS_STOPPED, 5)
    sleeper.stop()
    assert not exists(pid)


def test_a_resumed_process_runs_again(sleeper: ChildProcess) -> None:
    pid = started(sleeper)
    sleeper.suspend()
    assert wait_until(lambda: psutil.Process(pid).status() == psutil.STATUS_STOPPED, 5)
    sleeper.resume()
    assert wait_until(lambda: psutil.Process(pid).status() != psutil.STATUS_STOPPED, 5)


def test_what_a_process_started_ends_with_it(tmp_path: Path) -> None:
    child = python(tmp_path, HAS_A_CHILD)
    started(child)
    grandchild = int(child.log_tail()[0])
    child.kill()
    assert wait_until(lambda: not exists(grandchild), 5)


def test_what_a_dead_process_left_behind_is_killed(tmp_path: Path) -> None:
    child = python(tmp_path, HAS_A_CHILD)
    pid = started(child)
    grandchild = int(child.log_tail()[0])
    os.kill(pid, signal.SIGKILL)
    assert child.wait(5)
    assert wait_until(lambda: not exists(grandchild), 5)


def test_it_is_not_in_the_group_that_gets_ctrl_c(sleeper: ChildProcess) -> None:
    pid = started(sleeper)
    assert os.getpgid(pid) == pid != os.getpgid(0)


def test_it_stays_in_the_session_where_priorities_count(sleeper: ChildProcess) -> None:
    assert os.getsid(started(sleeper)) == os.getsid(0)


def test_an_end_is_an_error_with_its_code_for_whoever_needs_it_running(tmp_path: Path) -> None:
    child = python(tmp_path, "import sys; print('no tea'); sys.exit(3)")
    child.start()
    child.wait(10)
    with pytest.raises(StartFailed, match="program: ended with exit code 3") as caught:
        child.require_running()
    assert caught.value.__notes__ == ["no tea"]


def test_a_program_that_does_not_exist_says_so_in_its_log(tmp_path: Path) -> None:
    child = ChildProcess(program(tmp_path, "no-such-program"))
    child.start()
    child.wait(10)
    assert child.log_tail()[0].startswith("cannot run no-such-program: ")
    assert child.outcome() == "exit code 1"


def test_a_restart_appends_to_the_log_and_a_new_run_keeps_the_old_one(tmp_path: Path) -> None:
    for _ in range(2):
        child = python(tmp_path, "print('hello')")
        for _ in range(2):
            child.start()
            child.wait(10)
    assert (tmp_path / "program.log").read_text() == "hello\nhello\n"
    assert (tmp_path / "program.log.1").read_text() == "hello\nhello\n"


@pytest.mark.skipif(sys.platform != "linux", reason="the parent-death signal is Linux's")
def test_it_ends_when_the_process_that_started_it_is_killed(tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from tests.builders import python
child = python(Path({str(tmp_path)!r}), {FOREVER!r})
child.start()
print(child.pid, flush=True)
child.wait(60)
"""
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as parent:  # noqa: S603 -- ours
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert exists(pid)
        parent.kill()
    assert wait_until(lambda: not exists(pid), 10)


def test_it_outlives_a_thread_that_started_it(sleeper: ChildProcess) -> None:
    thread = threading.Thread(target=started, args=(sleeper,))
    thread.start()
    thread.join()
    assert not sleeper.wait(0.3)


def test_a_running_child_is_on_file_and_an_ended_one_is_not(tmp_path: Path) -> None:
    child = ChildProcess(program(tmp_path, "sleep", "60"), PidFiles(tmp_path / "run"))
    child.start()
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["program.pid"]
    child.stop()
    assert list((tmp_path / "run").iterdir()) == []


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A process that nobody here watches, as after a crash."""
    command = [sys.executable, "-c", "import signal; signal.pause()"]
    with subprocess.Popen(command) as process:  # noqa: S603 -- ours
        yield process
        process.kill()


def test_a_leftover_that_is_provably_ours_is_stopped(
    tmp_path: Path, stranger: subprocess.Popen[bytes]
) -> None:
    files = PidFiles(tmp_path)
    files.add("user-service", stranger.pid, signal.SIGTERM)
    assert files.stop_leftovers() == ["user-service"]
    assert stranger.wait(5) == -signal.SIGTERM
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_only_has_the_id_of_ours_is_left_alone(
    tmp_path: Path, stranger: subprocess.Popen[bytes]
) -> None:
    files = PidFiles(tmp_path)
    files.add("user-service", stranger.pid, signal.SIGTERM)
    path = tmp_path / "user-service.pid"
    known = identity.of_process(stranger.pid)
    assert known is not None
    path.write_text(path.read_text().replace(known, known + "1"))
    assert files.stop_leftovers() == []
    assert stranger.poll() is None
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_makes_no_sense_is_only_removed(tmp_path: Path) -> None:
    (tmp_path / "broken.pid").write_text('{"pid": ')
    assert PidFiles(tmp_path).stop_leftovers() == []
    assert list(tmp_path.iterdir()) == []
