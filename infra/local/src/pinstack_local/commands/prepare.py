"""Fetch what only the first start fetches (Apache Kafka), and say what this machine lacks."""

import argparse
import tempfile
from pathlib import Path

from pinstack_local import kafka_jars
from pinstack_local.console import Console
from pinstack_local.errors import MissingTool
from pinstack_local.preparation import Preparation
from pinstack_local.waiting import wait_until

NAME = "prepare"
FETCH_SECONDS = 600.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take none."""


def run(arguments: argparse.Namespace) -> int:  # noqa: ARG001 -- every command has them
    """Return 0 in either case: without Apache Kafka the embedded broker serves."""
    console = Console()
    try:
        kafka_jars.require()
    except MissingTool as missing:
        console.write(f"the tests that need Apache Kafka will be skipped: {missing}")
        return 0
    if not kafka_jars.jar_folder().exists():
        with tempfile.TemporaryDirectory() as folder:
            step = kafka_jars.fetch_step(Path(folder) / "maven.log")
            console.write(f"{step.program.name}, into {kafka_jars.cache_folder()}")
            wait_until(Preparation([step]).is_done, FETCH_SECONDS)
    console.write("Apache Kafka is ready to be started")
    return 0
