"""Start PostgreSQL, Redis and the broker only, tell their addresses, and stay until Ctrl-C.

The addresses are lines of NAME=value for a shell: a role and a database for each service, the
secrets of the services, and where tests find servers. They are printed, or written to a file
that exists as long as the servers run: `set -a; . FILE; set +a`.
"""

import argparse
import os
import shlex
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from pinstack_local import private_files
from pinstack_local.console import Console
from pinstack_local.foreground import stay
from pinstack_local.settings import StackSettings
from pinstack_local.stack import Stack

NAME = "infrastructure"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say where the variables go."""
    parser.add_argument(
        "--env-file", type=Path, metavar="FILE", help="write the variables there (mode 0600)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run until a stop signal, and return 0 after one."""
    settings = replace(StackSettings.from_environment(os.environ), with_services=False)
    with ExitStack() as cleanup:

        def announce(stack: Stack) -> None:
            if arguments.env_file is None:
                print(variables(stack), end="", flush=True)
                return
            private_files.write(arguments.env_file, variables(stack))
            cleanup.callback(arguments.env_file.unlink, missing_ok=True)

        return stay(settings, Console(), announce)


def variables(stack: Stack) -> str:
    """Return the lines that a shell reads."""
    pairs = stack.addresses() | stack.infrastructure.test_environment()
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in pairs.items())
