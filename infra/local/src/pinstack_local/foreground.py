"""A stack that belongs to a terminal: up, announced, kept alive, and down at a stop signal."""

import time
from collections.abc import Callable

from pinstack_local.console import Console
from pinstack_local.settings import StackSettings
from pinstack_local.signals import StopRequest, StopRequested, stop_request
from pinstack_local.stack import Stack
from pinstack_local.supervisor import Supervisor

STEP_SECONDS = 0.2


def stay(settings: StackSettings, console: Console, announce: Callable[[Stack], None]) -> int:
    """Run a stack until a stop signal, and call `announce` once everything is ready.

    Returns 0 after a signal, whenever it comes; raises LocalStackError if a part does not start.
    """
    with stop_request() as stop:
        stack = Stack(settings, report=console.step, on_poll=stop.check)
        console.step(f"starting in {settings.data_dir}, with the {settings.broker} broker")
        try:
            with stack:
                console.step("everything is ready")
                announce(stack)
                keep_alive(stack, console, stop)
                console.event("stopping")
        except StopRequested:
            console.event("stopped before everything was ready")
    console.event(f"stopped; the data stays in {settings.data_dir}")
    return 0


def keep_alive(stack: Stack, console: Console, stop: StopRequest) -> None:
    """Watch all parts of a started stack until the end is asked for."""
    supervisor = Supervisor(stack.components, console.event, restart=stack.settings.restart)
    while not stop.made:
        supervisor.step()
        time.sleep(STEP_SECONDS)
