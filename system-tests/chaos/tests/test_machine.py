"""What ends while nobody harms it is noted, and started again."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from pinstack_local.child import ChildProcess, Program
from pinstack_local.stack import Stack

from chaos.findings import Fault
from chaos.machine import Machine

Ended = Callable[[str], Machine]


@pytest.fixture
def ended(tmp_path: Path) -> Ended:
    """A machine with one process of a given name, which has ended with 3."""

    def machine(name: str) -> Machine:
        command = (sys.executable, "-c", "raise SystemExit(3)")
        process = ChildProcess(Program(name, command, tmp_path / "log", {**os.environ}))
        process.start()
        assert process.wait(20)
        component = SimpleNamespace(processes=[process], launch=process.start)
        stack = SimpleNamespace(components=[component], processes={name: process})
        return Machine(cast("Stack", stack), lambda: 7.0)

    return machine


@pytest.mark.parametrize("name", ["user-service", "notification-service-2"])
def test_a_service_that_ends_by_itself_fails_the_run(ended: Ended, name: str) -> None:
    machine = ended(name)
    machine.revive()
    assert machine.crashes == [(Fault.CRASHED, f"7.0 s: {name} ended with exit code 3")]
    assert machine.mishaps == []
    process = machine.stack.processes[name]
    assert process.is_running() or process.exit_code == 3  # it was started once more
    process.wait(20)


def test_a_server_that_is_not_ours_is_only_mentioned(ended: Ended) -> None:
    machine = ended("redis")
    machine.revive()
    machine.stack.processes["redis"].wait(20)
    assert machine.crashes == []
    assert machine.mishaps == ["7.0 s: redis ended with exit code 3"]
