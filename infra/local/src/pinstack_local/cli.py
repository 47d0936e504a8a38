"""The command line: one module in `commands` for each subcommand."""

import argparse
from collections.abc import Sequence
from typing import Protocol

from pinstack_local.commands import (
    address,
    attach,
    backup,
    certificates,
    demo,
    execute,
    infrastructure,
    monitoring,
    prepare,
    restore,
    run,
)
from pinstack_local.console import Console
from pinstack_local.errors import LocalStackError


class Command(Protocol):
    """What a module in `commands` offers; the first line of its docstring is the help text."""

    NAME: str
    __doc__: str | None

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the arguments of the subcommand."""

    def run(self, arguments: argparse.Namespace) -> int:
        """Do it, and return the exit code."""


COMMANDS: tuple[Command, ...] = (
    run,
    demo,
    infrastructure,
    execute,
    attach,
    address,
    prepare,
    certificates,
    backup,
    restore,
    monitoring,
)


def parser() -> argparse.ArgumentParser:
    """Return the parser of all subcommands."""
    top = argparse.ArgumentParser(
        prog="pinstack_local", description="The whole platform on one machine, without Docker."
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        text = (command.__doc__ or "").strip()
        sub = commands.add_parser(command.NAME, help=text.splitlines()[0], description=text)
        command.add_arguments(sub)
        sub.set_defaults(command=command)
    return top


def main(arguments: Sequence[str]) -> int:
    """Run one subcommand; 1 or 2 with a message when it cannot be done."""
    chosen = parser().parse_args(arguments)
    command: Command = chosen.command
    try:
        return command.run(chosen)
    except LocalStackError as error:
        Console().failure(error)
        return error.exit_code
