"""Start the whole platform, print its addresses, and keep it alive until Ctrl-C."""

import argparse
import os
from dataclasses import replace

from pinstack_local.console import Console
from pinstack_local.foreground import stay
from pinstack_local.settings import StackSettings
from pinstack_local.stack import Stack

NAME = "run"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Everything else comes from the environment."""
    parser.add_argument(
        "--no-restart",
        action="store_true",
        help="leave a process that dies dead (the same as PINSTACK_RESTART=no)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run until a stop signal, and return 0 after one."""
    console = Console()
    settings = StackSettings.from_environment(os.environ)
    if arguments.no_restart:
        settings = replace(settings, restart=False)
    return stay(settings, console, lambda stack: console.write(addresses(stack)))


def addresses(stack: Stack) -> str:
    """Return where everything is, as a text for people."""
    infrastructure = stack.infrastructure
    lines = ["", f"  API   {stack.gateway_url}", f"  docs  {stack.gateway_url}/docs", ""]
    lines += [
        f"  {service.name:<24}{service.instance.address:<18}"
        f"admin {service.instance.admin_url:<24}pid {service.process.pid}"
        for service in stack.services
    ]
    lines += [
        f"  {'postgres':<24}{'127.0.0.1:'}{infrastructure.postgres.port}",
        f"  {'redis':<24}{'127.0.0.1:'}{infrastructure.redis.port}",
        f"  {infrastructure.broker.name:<24}{infrastructure.broker.bootstrap_servers}",
    ]
    lines += [f"  {server.name:<24}{server.url}" for server in stack.monitoring]
    return "\n".join([*lines, "", f"  logs  {stack.logs}/<name>.log", "  stop  Ctrl-C", ""])
