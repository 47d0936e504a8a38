"""Ask every part of monitoring whether it is well: 0 if so, 1 if one is not, 2 if none runs."""

import argparse
import os

from pinstack_local.console import Console
from pinstack_local.monitoring_health import findings

NAME = "check-monitoring"
_MARKS = {"ok": "ok", "faulty": "FAULT", "absent": "-"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Everything comes from the environment: PROMETHEUS_URL or PROMETHEUS_PORT, and so on."""


def run(_arguments: argparse.Namespace) -> int:
    """Print a line a finding."""
    console, found = Console(), list(findings(os.environ))
    for one in found:
        console.write(f"  {_MARKS[one.state]:<6}{one.about:<26}{one.text}")
    states = {one.state for one in found}
    if "ok" not in states:
        console.write("nothing of monitoring runs: make run MONITORING=1, or make start-monitoring")
        return 2
    return 1 if "faulty" in states else 0
