"""Ask every part of monitoring whether it is well: 0 if so, 1 if one is not, 2 if none runs."""

import argparse
import os
from collections.abc import Mapping
from pathlib import Path

from pinstack_local import running
from pinstack_local.console import Console
from pinstack_local.monitoring_health import findings

NAME = "check-monitoring"
_MARKS = {"ok": "ok", "faulty": "FAULT", "absent": "-"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing: PROMETHEUS_URL or PROMETHEUS_PORT and so on come from the environment."""


def run(_arguments: argparse.Namespace) -> int:
    """Print a line a finding."""
    console, found = Console(), list(findings(told(os.environ)))
    for one in found:
        console.write(f"  {_MARKS[one.state]:<6}{one.about:<26}{one.text}")
    states = {one.state for one in found}
    if "ok" not in states:
        console.write("nothing of monitoring runs: make run MONITORING=1, or make start-monitoring")
        return 2
    return 1 if "faulty" in states else 0


def told(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment, with the ports of what runs beside the stack on the data folder."""
    data_dir = Path(environment.get("PINSTACK_DATA_DIR") or ".data").absolute()
    return running.addresses(data_dir) | {name: one for name, one in environment.items() if one}
