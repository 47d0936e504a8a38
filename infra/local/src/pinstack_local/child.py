"""One child process: started in a process group of its own, ended exactly, its output in a file."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from pinstack_local import launcher, logfiles
from pinstack_local.accounts import Account
from pinstack_local.errors import StartFailed
from pinstack_local.pidfiles import PidFiles
from pinstack_local.waiting import wait_until


@dataclass(frozen=True, slots=True)
class Program:
    """What to run. `environment` is the whole of it; `stop_signal` asks for an orderly end."""

    name: str
    command: tuple[str, ...]
    log_path: Path
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    folder: Path | None = None
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM


class ChildProcess:
    """A program that can be started again after it ended.

    It does not get the terminal's Ctrl-C, and on Linux it gets its stop signal when the thread
    that started it ends without having stopped it; therefore that is asked for in the main thread
    only. The log of the previous run is kept as `.1`; a restart within one run appends.
    """

    def __init__(self, program: Program, pid_files: PidFiles | None = None) -> None:
        self.program = program
        self.exit_code: int | None = None
        self._pid_files = pid_files
        self._popen: subprocess.Popen[bytes] | None = None
        self._log_is_fresh = False

    @property
    def name(self) -> str:
        """The name under which it appears in messages and file names."""
        return self.program.name

    @property
    def log_path(self) -> Path:
        """Where its standard output and error go."""
        return self.program.log_path

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._popen.pid if self._popen is not None and self.is_running() else None

    @property
    def was_started(self) -> bool:
        """Whether it runs, or has run."""
        return self._log_is_fresh

    def start(self) -> None:
        """Start it; a second call while it runs does nothing."""
        if self.is_running():
            return
        if not self._log_is_fresh:
            logfiles.rotate(self.log_path)
            self._log_is_fresh = True
        self.exit_code = None
        with self.log_path.open("ab") as log:
            self._popen = subprocess.Popen(  # noqa: S603 -- the command is ours
                [*self._launch_prefix(), *self.program.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=dict(self.program.environment),
                cwd=self.program.folder,
                process_group=0,  # a session would have a share of its own, whatever its niceness
            )
        if self._pid_files is not None:
            self._pid_files.add(self.name, self._popen.pid, self.program.stop_signal)

    def is_running(self) -> bool:
        """Say whether it runs; when it has ended, what it left in its group is killed."""
        if self._popen is None:
            return False
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        with suppress(ChildProcessError):  # somebody else reaped it: gone as well
            if os.waitid(os.P_PID, self._popen.pid, flags) is None:
                return True
        # Not reaped yet: the id, which is the group's too, cannot belong to anybody else.
        self._signal_group(signal.SIGKILL)
        self.exit_code = self._popen.wait()
        self._popen = None
        if self._pid_files is not None:
            self._pid_files.remove(self.name)
        return False

    def require_running(self) -> None:
        """Raise StartFailed if it has ended."""
        if not self.is_running():
            raise StartFailed(self.name, f"ended with {self.outcome()}", self.log_path)

    def outcome(self) -> str:
        """Say how it ended: `exit code 1`, or `signal SIGKILL`."""
        if self.exit_code is not None and self.exit_code < 0:
            return f"signal {signal.Signals(-self.exit_code).name}"
        return f"exit code {self.exit_code}"

    def terminate(self) -> None:
        """Ask it to end in order (SIGTERM, or what the program takes for it)."""
        if self._popen is not None and self.is_running():
            self._popen.send_signal(self.program.stop_signal)

    def kill(self) -> None:
        """SIGKILL for it and everything it started, and wait until it is gone."""
        self._signal_tree(signal.SIGKILL)
        self.wait(10)

    def suspend(self) -> None:
        """Freeze it and everything it started; sockets stay open and nobody answers."""
        self._signal_tree(signal.SIGSTOP)

    def resume(self) -> None:
        """Undo `suspend`."""
        self._signal_tree(signal.SIGCONT)

    def wait(self, timeout: float) -> bool:
        """Wait for its end, at most `timeout` seconds; say whether it came."""
        return wait_until(lambda: not self.is_running(), timeout)

    def stop(self, grace: float = 10) -> None:
        """End it: in order within `grace` seconds, by SIGKILL after them."""
        self.terminate()
        self.resume()
        if not self.wait(grace):
            self.kill()

    def log_tail(self, lines: int = 20) -> list[str]:
        """Return the last lines that it wrote."""
        return logfiles.tail(self.log_path, lines)

    def _launch_prefix(self) -> list[str]:
        main_thread = threading.current_thread() is threading.main_thread()
        death_signal = int(self.program.stop_signal) if main_thread else 0
        uid, gid = self.program.account or (0, 0)
        numbers = (os.getpid(), death_signal, uid, gid)
        return [sys.executable, "-I", "-S", launcher.__file__, *map(str, numbers)]

    def _signal_tree(self, number: signal.Signals) -> None:
        if self._popen is None or not self.is_running():
            return
        with suppress(psutil.NoSuchProcess):
            leader = psutil.Process(self._popen.pid)
            for process in [leader, *leader.children(recursive=True)]:
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(number)

    def _signal_group(self, number: signal.Signals) -> None:
        if self._popen is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._popen.pid, number)
