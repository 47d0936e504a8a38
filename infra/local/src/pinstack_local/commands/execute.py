"""Run a command with PostgreSQL, Redis and a broker that exist only as long as it does.

They are on free ports, in a temporary folder, and forget everything. The command finds them in
PINSTACK_TEST_POSTGRES_URL (a superuser's), PINSTACK_TEST_REDIS_URL, PINSTACK_TEST_KAFKA and
PINSTACK_TEST_KAFKA_KIND; where these are set already, and of the wanted kind, they are used.
"""

import argparse
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType

from pinstack_local import kafka_jars
from pinstack_local.console import Console
from pinstack_local.errors import InvalidSetting, MissingTool
from pinstack_local.infrastructure import Infrastructure
from pinstack_local.settings import BROKER_KINDS, BrokerKind, broker_kind
from pinstack_local.signals import StopRequested, stop_request

NAME = "exec"
INTERRUPTED = 130  # 128 + SIGINT, as shells have it


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which broker, and the command."""
    parser.add_argument(
        "--broker",
        choices=[*BROKER_KINDS, "auto"],
        help="auto: Apache Kafka where this machine can run it (default: BROKER, or embedded)",
    )
    parser.add_argument("command_line", nargs="+", metavar="-- COMMAND ...")


def run(arguments: argparse.Namespace) -> int:
    """Return the exit code of the command; 128 plus its number if a signal ended it."""
    console = Console()
    kind = wanted_kind(arguments.broker, os.environ, console)
    if has_servers(os.environ, kind):
        return run_command(arguments.command_line, os.environ)
    temporary = tempfile.TemporaryDirectory(prefix="pinstack-", ignore_cleanup_errors=True)
    with temporary as folder, stop_request() as stop:
        Path(folder).chmod(0o711)  # root's PostgreSQL runs as somebody else
        infrastructure = Infrastructure(Path(folder), broker=kind, durable=False)
        try:
            infrastructure.start(on_poll=stop.check)
            console.step(f"PostgreSQL, Redis and the {kind} broker are ready")
            return run_command(
                arguments.command_line, os.environ | infrastructure.test_environment()
            )
        except StopRequested:
            return INTERRUPTED
        finally:
            infrastructure.stop()


def wanted_kind(choice: str | None, environment: Mapping[str, str], console: Console) -> BrokerKind:
    """Return the kind of broker that an argument, or else BROKER, asks for."""
    if choice != "auto":
        return broker_kind({"BROKER": choice or environment.get("BROKER", "")})
    try:
        kafka_jars.require()
    except MissingTool as missing:
        console.write(f"the broker is the embedded one: {missing}")
        return "embedded"
    return "kafka"


def has_servers(environment: Mapping[str, str], kind: BrokerKind) -> bool:
    """Say whether an outer `exec`, or a person, has provided the servers already."""
    names = ("PINSTACK_TEST_POSTGRES_URL", "PINSTACK_TEST_REDIS_URL", "PINSTACK_TEST_KAFKA")
    fits = environment.get("PINSTACK_TEST_KAFKA_KIND") == kind
    return fits and all(environment.get(name) for name in names)


def run_command(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run it in the foreground.

    The terminal's Ctrl-C reaches it without us; a signal that was sent to us alone is passed on.
    """
    try:
        process = subprocess.Popen(command, env=dict(environment))  # noqa: S603 -- as asked
    except OSError as error:
        raise InvalidSetting(f"cannot run {command[0]}: {error.strerror}") from None

    def pass_on(number: int, _frame: FrameType | None) -> None:
        process.send_signal(number)

    handlers = {signal.SIGINT: _leave_alone, signal.SIGTERM: pass_on, signal.SIGHUP: pass_on}
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        code = process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return code if code >= 0 else 128 - code


def _leave_alone(_number: int, _frame: FrameType | None) -> None:
    """Stand in for SIG_IGN, which the command would inherit."""
