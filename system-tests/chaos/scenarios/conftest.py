"""Runs on platforms of their own, with a real Apache Kafka; skipped, with the reason, without."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pinstack_local import kafka_jars
from pinstack_local.errors import MissingTool
from pinstack_local.stack import Stack

from chaos import timeline
from chaos.deployment import stack_settings
from chaos.report import summary
from chaos.run import Run
from chaos.settings import ChaosSettings

Play = Callable[[ChaosSettings], dict[str, Any]]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """Start a platform, play a run on it, and end it; returns the report."""
    try:
        kafka_jars.require()
    except MissingTool as error:
        pytest.skip(str(error))

    def played(settings: ChaosSettings) -> dict[str, Any]:
        with Stack(stack_settings(settings, tmp_path / "data"), report=print) as stack:
            run = Run(settings, stack, print)
            figures = asyncio.run(run.play())
        timeline.draw(tmp_path / "timeline.svg", run.ledger, run.machine.injuries, "scenario")
        print(summary(figures), figures["injuries"], sep="\n")
        return figures

    return played
