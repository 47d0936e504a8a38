"""Put back what `backup` wrote: into the databases that the environment names, or a stack's.

Without URLs in the environment it is the stack of the data folder, which must not be running: its
PostgreSQL is started for it, and its secrets become those of the backup. Whatever was in the
databases is gone afterwards, so it asks first.
"""

import argparse
import json
import os
from dataclasses import replace
from pathlib import Path

from pinstack_local import archive, private_files
from pinstack_local.console import Console
from pinstack_local.environment import media_variables
from pinstack_local.settings import StackSettings
from pinstack_local.stack import Stack

NAME = "restore"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where from."""
    parser.add_argument("folder", type=Path)
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(arguments: argparse.Namespace) -> int:
    """Return 0, or 1 where the person at the terminal does not want it."""
    console = Console()
    secrets = archive.secrets_of(arguments.folder)
    if not arguments.yes and not _agreed():
        console.write("nothing was changed")
        return 1
    if all(os.environ.get(spec.database_variable) for spec in archive.DATABASES):
        archive.restore(arguments.folder, os.environ)
        console.write(f"restored; the services need the secrets that it has: {', '.join(secrets)}")
        return 0
    _into_stack(arguments.folder, secrets, StackSettings.from_environment(os.environ))
    console.write("restored; start the platform with `make run`")
    return 0


def _into_stack(folder: Path, secrets: dict[str, str], settings: StackSettings) -> None:
    servers = replace(settings, with_services=False, broker="embedded", ports={})
    with Stack(servers) as stack:
        files = media_variables("", settings.data_dir, os.environ)
        archive.restore(folder, {**stack.addresses(), **files})
    path = settings.data_dir / archive.SECRETS
    known = private_files.remembered_secrets(path, [])
    private_files.write(path, json.dumps(known | secrets, indent=2) + "\n")


def _agreed() -> bool:
    try:
        answer = input("Everything that is in the databases now is replaced. Go on? [y/N] ")
    except EOFError:
        return False
    return answer.lower().startswith("y")
