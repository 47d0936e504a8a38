"""Start the whole platform and tell a story on it: people register, follow, post, and are told.

In a terminal the platform stays up after the story, until Ctrl-C; elsewhere it ends with it.
"""

import argparse
import os
import sys

from pinstack_local.commands.run import addresses
from pinstack_local.console import Console
from pinstack_local.foreground import stay
from pinstack_local.settings import StackSettings
from pinstack_local.signals import StopRequested, stop_request
from pinstack_local.stack import Stack
from pinstack_local.story import tell

NAME = "demo"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what comes after the story."""
    parser.add_argument(
        "--stay",
        action=argparse.BooleanOptionalAction,
        default=sys.stdout.isatty(),
        help="keep the platform up after the story (default: in a terminal)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Return 0 after the story, 1 if something in it did not happen."""
    console = Console()
    settings = StackSettings.from_environment(os.environ)
    if arguments.stay:
        return stay(settings, console, lambda stack: _tell_and_show(stack, console))
    with stop_request() as stop:
        try:
            with Stack(settings, report=console.step, on_poll=stop.check) as stack:
                tell(stack.gateway_url, print)
        except StopRequested:
            console.event("stopped before the story was over")
    return 0


def _tell_and_show(stack: Stack, console: Console) -> None:
    tell(stack.gateway_url, print)
    console.write(addresses(stack))
