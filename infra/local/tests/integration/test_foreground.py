"""A stack at a terminal: signals end it, deaths are told and healed."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pinstack_local.waiting import wait_until

from tests.builders import exists


class Terminal:
    """A `run` with stand-ins in a process of its own."""

    def __init__(self, folder: Path, restart: str = "restart", mode: str = "serve") -> None:
        self.error_path = folder / "stderr"
        with self.error_path.open("wb") as error:
            self.process = subprocess.Popen(  # noqa: S603 -- ours
                [sys.executable, "-m", "tests.stand_in_run", str(folder), restart, mode],
                stdout=subprocess.PIPE,
                stderr=error,
                start_new_session=True,
            )

    def pids(self) -> dict[str, int]:
        """Wait until everything is ready, and return all process ids by name."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline().decode()
        assert line, self.said()
        return {name: int(pid) for name, pid in (pair.split("=") for pair in line.split())}

    def said(self) -> str:
        """Return what it has written to the terminal."""
        return self.error_path.read_text()

    def says(self, text: str) -> bool:
        """Wait for a text."""
        return wait_until(lambda: text in self.said(), 20)

    def close(self) -> None:
        """End it, however it is."""
        with self.process:
            self.process.terminate()
            self.process.wait(30)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    opened: list[Terminal] = []

    def open_terminal(*arguments: str) -> Terminal:
        opened.append(Terminal(tmp_path, *arguments))
        return opened[-1]

    yield open_terminal
    for each in opened:
        each.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_signal_ends_everything_with_0(
    terminal: Callable[..., Terminal], number: signal.Signals
) -> None:
    run = terminal()
    pids = run.pids()
    os.killpg(run.process.pid, number)  # as a terminal does: to the whole foreground group
    assert run.process.wait(30) == 0
    assert not [name for name, pid in pids.items() if exists(pid)]
    assert "stopped; the data stays in" in run.said()


def test_a_stop_signal_during_the_start_ends_everything_with_0(
    terminal: Callable[..., Terminal],
) -> None:
    run = terminal("restart", "unready")
    assert run.says("postgres is ready")
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(30) == 0
    assert "stopped before everything was ready" in run.said()


def test_the_steps_of_a_start_are_shown_with_their_times(
    terminal: Callable[..., Terminal],
) -> None:
    run = terminal()
    run.pids()
    steps = [line.split(" s  ", 1)[1] for line in run.said().splitlines()]
    assert {"postgres is ready", "redis is ready", "broker is ready"} < set(steps)
    assert steps[-1] == "everything is ready"


def test_a_killed_service_is_told_and_comes_back(terminal: Callable[..., Terminal]) -> None:
    run = terminal()
    pids = run.pids()
    os.kill(pids["user-service"], signal.SIGKILL)
    assert run.says("user-service ended with signal SIGKILL; starting it again in 1 s")
    assert run.says("user-service is ready again after")
    assert "user-service.log" in run.said()


def test_a_killed_postgres_comes_back(terminal: Callable[..., Terminal]) -> None:
    run = terminal()
    os.kill(run.pids()["postgres"], signal.SIGKILL)
    assert run.says("postgres is ready again after")


def test_services_start_again_when_the_embedded_broker_has_moved(
    terminal: Callable[..., Terminal],
) -> None:
    run = terminal()
    pids = run.pids()
    os.kill(pids["broker"], signal.SIGKILL)
    assert run.says("starting the services again")
    assert run.says("api-gateway is ready again after")
    assert not exists(pids["user-service"])


def test_without_restart_a_killed_service_stays_down_and_the_rest_stays_up(
    terminal: Callable[..., Terminal],
) -> None:
    run = terminal("leave")
    pids = run.pids()
    os.kill(pids.pop("user-service"), signal.SIGKILL)
    assert run.says("user-service ended with signal SIGKILL; it stays down")
    assert [name for name, pid in pids.items() if exists(pid)] == list(pids)


def test_a_second_run_in_the_same_folder_does_not_disturb_the_first(
    terminal: Callable[..., Terminal], tmp_path: Path
) -> None:
    pids = terminal().pids()
    command = [sys.executable, "-m", "tests.stand_in_run", str(tmp_path), "restart", "serve"]
    second = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    assert "a stack already runs on" in second.stderr
    assert all(exists(pid) for pid in pids.values())


@pytest.mark.skipif(sys.platform != "linux", reason="the parent-death signal is Linux's")
def test_a_killed_supervisor_takes_everything_with_it(terminal: Callable[..., Terminal]) -> None:
    run = terminal()
    pids = run.pids()
    run.process.kill()
    assert wait_until(lambda: not any(exists(pid) for pid in pids.values()), 20)


def test_the_run_after_a_crash_starts_as_if_nothing_had_happened(
    terminal: Callable[..., Terminal],
) -> None:
    first = terminal()
    first.pids()
    first.process.kill()
    first.process.wait(5)
    assert len(terminal().pids()) == 5
