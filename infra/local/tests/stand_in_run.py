"""What `make run` does, with stand-ins for the services: `stand_in_run.py FOLDER RESTART MODE`."""

import sys
from pathlib import Path

from pinstack_local.console import Console
from pinstack_local.foreground import stay
from pinstack_local.stack import Stack

from tests.builders import stack_settings, stand_in_gateway, stand_in_service


def announce(stack: Stack) -> None:
    """Print the process ids by name."""
    pids = {name: process.pid for name, process in stack.processes.items()}
    print(*(f"{name}={pid}" for name, pid in pids.items()), flush=True)


def main(folder: str, restart: str, mode: str) -> int:
    """Run until a signal."""
    settings = stack_settings(
        Path(folder),
        services=(stand_in_service("user", mode), stand_in_gateway()),
        restart=restart == "restart",
    )
    return stay(settings, Console(), announce)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
