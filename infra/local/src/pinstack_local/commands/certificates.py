"""Make the certificates with which the services know each other, as `GRPC_TLS=on` does, too.

What is there and will do for some days more stays as it is.
"""

import argparse
import os

from pinstack_local import certificates
from pinstack_local.console import Console
from pinstack_local.settings import StackSettings

NAME = "certificates"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Everything comes from the environment."""


def run(_arguments: argparse.Namespace) -> int:
    """Return 0, with the certificates in `<data folder>/certificates`."""
    settings = StackSettings.from_environment(os.environ)
    made = certificates.ensure(
        settings.certificates, settings.certified_names, [settings.reachable_host]
    )
    console = Console()
    for name in made:
        console.write(f"made {settings.certificates / name}.pem")
    if not made:
        console.write(f"all certificates in {settings.certificates} are good for some days yet")
    return 0
