"""Run a command with the addresses of the stack that runs on the data folder.

It finds KAFKA_BOOTSTRAP_SERVERS, USER_DATABASE_URL and so on in its environment; what is set
there already stays as it is.
"""

import argparse
import os
from collections.abc import Mapping
from pathlib import Path

from pinstack_local import running
from pinstack_local.commands.execute import run_command
from pinstack_local.errors import InvalidSetting

NAME = "attach"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command can't do without, and the command."""
    parser.add_argument("--needs", metavar="VARIABLE", default="KAFKA_BOOTSTRAP_SERVERS")
    parser.add_argument("command_line", nargs="+", metavar="-- COMMAND ...")


def run(arguments: argparse.Namespace) -> int:
    """Return the exit code of the command; raises InvalidSetting where nothing can be found."""
    return run_command(arguments.command_line, attached(os.environ, arguments.needs))


def attached(environment: Mapping[str, str], needs: str) -> dict[str, str]:
    """Return the environment with what it lacks; raises InvalidSetting if `needs` is not known."""
    data_dir = Path(environment.get("PINSTACK_DATA_DIR") or ".data").absolute()
    told = {name: value for name, value in environment.items() if value}
    found = running.addresses(data_dir) | told
    if needs not in found:
        raise InvalidSetting(
            f"no stack runs on {data_dir}: start one (make run), name its PINSTACK_DATA_DIR, "
            f"or set {needs}"
        )
    return found
