"""Write every database, what people uploaded, and the secrets of both into a new folder.

The databases are those whose URLs are in the environment, otherwise those of the stack that runs on
the data folder. Nothing has to stop for it.
"""

import argparse
import json
import os
from collections.abc import Mapping
from pathlib import Path

from pinstack_local import archive, running
from pinstack_local.console import Console
from pinstack_local.environment import media_variables
from pinstack_local.errors import InvalidSetting
from pinstack_local.settings import StackSettings

NAME = "backup"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to."""
    parser.add_argument("folder", type=Path)


def run(arguments: argparse.Namespace) -> int:
    """Return 0; raises InvalidSetting where there is nothing to back up."""
    files = archive.write(arguments.folder, sources(os.environ))
    total = sum(path.stat().st_size for path in files)
    Console().write(f"backed up into {arguments.folder}: {len(files)} files, {total:,} bytes")
    return 0


def sources(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the URLs and secrets; raises InvalidSetting naming what is missing."""
    data_dir = StackSettings.from_environment(environment).data_dir
    secrets_file = data_dir / archive.SECRETS
    of_stack = running.databases(data_dir)
    if of_stack and secrets_file.exists():
        of_stack |= json.loads(secrets_file.read_text())
        of_stack |= media_variables("", data_dir, {})
    found = of_stack | {name: value for name, value in environment.items() if value}
    missing = [s.database_variable for s in archive.DATABASES if s.database_variable not in found]
    if missing:
        raise InvalidSetting(f"no stack runs on {data_dir}, and {', '.join(missing)} are not set")
    return found
