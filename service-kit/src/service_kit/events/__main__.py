"""Looking into topics: `python -m service_kit.events tail|dlq …`.

The broker is the one of KAFKA_BOOTSTRAP_SERVERS.
"""

import argparse
import asyncio
import contextlib
import os
import sys
from collections.abc import Sequence

from service_kit import logs
from service_kit.config import KafkaSettings, load
from service_kit.events import dlq_commands, tail_command
from service_kit.events.dlq_commands import NoSuchLetter
from service_kit.events.publisher import BrokerAway, MessagesRefused
from service_kit.events.reader import NoSuchTopic


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments say: 0, or 1 with the reason on stderr."""
    chosen = _parser().parse_args(arguments)
    bootstrap = load(KafkaSettings).bootstrap_servers
    logs.configure("events", "CRITICAL")  # stdout is for events, stderr for what went wrong
    try:
        asyncio.run(chosen.command.run(bootstrap, chosen))
    except KeyboardInterrupt:
        return 0
    except BrokenPipeError:  # as with `| head`
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except BrokerAway as error:
        print(f"events: no answer from Kafka at {bootstrap}: {error}", file=sys.stderr)
        return 1
    except (NoSuchLetter, NoSuchTopic, MessagesRefused) as error:
        print(f"events: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m service_kit.events", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command in (("tail", tail_command), ("dlq", dlq_commands)):
        text = command.__doc__ or ""
        one = commands.add_parser(name, help=text.partition(": ")[2], description=text)
        command.add_arguments(one)
        one.set_defaults(command=command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
