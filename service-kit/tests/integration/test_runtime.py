"""A process of its own: how it starts, and every way in which it ends."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest

PROGRAM = """
import asyncio, os, sys
from contextlib import asynccontextmanager
from pydantic import Field
from pydantic_settings import BaseSettings
from service_kit.config import ProcessSettings, TelemetrySettings
from service_kit.health import Health, serve_admin
from service_kit.runtime import Running, background, run

class Settings(BaseSettings):
    process: ProcessSettings = Field(default_factory=ProcessSettings)
    telemetry: TelemetrySettings = Field(default_factory=TelemetrySettings)

async def crash():
    raise RuntimeError("background work failed")

@asynccontextmanager
async def running(settings):
    health = Health("sample")
    async with serve_admin("127.0.0.1", 0, health) as admin:
        if MODE == "never up":
            print("entering", flush=True)
            await asyncio.Event().wait()
        async with background() as tasks:
            if MODE == "crash":
                tasks.start(crash(), "doomed")
            yield Running(0, admin.port, health, tasks)
            print("unwound", flush=True)

MODE = sys.argv[1]
run("sample", running, Settings())
"""

Start = Callable[[str], "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def begin(mode: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(  # noqa: S603 - our own program
            [sys.executable, "-c", PROGRAM, mode],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def _line(process: "subprocess.Popen[str]", message: str) -> dict[str, Any]:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("{") and (parsed := json.loads(line))["message"] == message:
            found: dict[str, Any] = parsed
            return found
    raise AssertionError(f"the process ended without saying {message!r}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_unwinds_the_service_and_ends_it_with_0(
    start: Start, number: signal.Signals
) -> None:
    process = start("up")
    started = _line(process, "started")
    assert _get(started["admin_port"], "/readyz") == 200
    process.send_signal(number)
    rest, _ = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "unwound" in rest


def test_a_crashed_background_task_ends_the_process_with_1(start: Start) -> None:
    process = start("crash")
    crashed = _line(process, "background task crashed")
    assert crashed["task"] == "doomed"
    process.communicate(timeout=10)
    assert process.returncode == 1


def test_a_signal_ends_a_start_that_waits_for_something(start: Start) -> None:
    process = start("never up")
    assert process.stdout is not None
    assert process.stdout.readline() == "entering\n"
    process.terminate()
    process.communicate(timeout=10)
    assert process.returncode == 0


def _get(port: int, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            status: int = answer.status
            return status
    except urllib.error.HTTPError as error:
        return error.code
