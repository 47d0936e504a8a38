"""Drives HTTP servers with native generators: wrk and hey, as fast as answers come or at a rate."""

import csv
import io
import json
import os
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from load.measured import Measured, of_samples
from load.tools import require

_SCRIPTS: Final = Path(__file__).parent / "scripts"
_TIMEOUT_SECONDS: Final = 15
_MARK: Final = "measured "
_ANSWER: Final = "answer "


@dataclass(frozen=True)
class Request:
    """A request; `{n}` in path and body becomes a number that is never used twice."""

    path: str
    token: str = ""
    method: str = "GET"
    body: str = ""

    def line(self) -> str:
        """As scripts/requests.lua reads it. Raises ValueError for a tab or a line end in a part."""
        parts = (self.method, self.path, self.token, self.body)
        if any(mark in part for part in parts for mark in "\t\r\n"):
            raise ValueError("no tabs and line ends in a request")
        return "\t".join(parts)


def wrk(
    url: str, requests: Sequence[Request], seconds: float, *, connections: int = 32
) -> Measured:
    """The requests in turn, again and again, each connection waiting for its answer.

    `errors` counts answers of 400 and above, and broken connections; latencies are of all answers.
    """
    require("wrk")
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as file:
        file.write("".join(f"{request.line()}\n" for request in requests))
        file.flush()
        given = {"LOAD_REQUESTS": file.name, "LOAD_SERIAL": str(time.time_ns() // 1000)}
        command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s"]
        command += [f"--timeout={_TIMEOUT_SECONDS}s", "-s", str(_SCRIPTS / "requests.lua"), url]
        return _from_wrk(_output(command, given, seconds))


def _from_wrk(output: str) -> Measured:
    (line,) = (each for each in output.splitlines() if each.startswith(_MARK))
    found = json.loads(line.removeprefix(_MARK))
    return Measured(
        rps=found["requests"] / found["microseconds"] * 1e6,
        p50_ms=found["p50"] / 1000,
        p95_ms=found["p95"] / 1000,
        p99_ms=found["p99"] / 1000,
        errors=found["status"] + found["socket"],
        requests=found["requests"],
    )


def hey(
    url: str, request: Request, seconds: float, *, connections: int, rate: float
) -> Mapping[int, Measured]:
    """One request at `rate` a second in all, as far as answers let `connections` keep it up.

    By status: what was measured of the answers with it (0: no answer).
    """
    require("hey")
    command = ["hey", "-z", f"{seconds:g}s", "-c", str(connections), "-q", f"{rate / connections}"]
    command += ["-t", str(_TIMEOUT_SECONDS), "-o", "csv", "-m", request.method]
    if request.token:
        command += ["-H", f"Authorization: Bearer {request.token}"]
    if request.body:
        command += ["-T", "application/json", "-d", request.body]
    return _from_hey(_output([*command, url + request.path], {}, seconds), seconds)


def paced(
    url: str, requests: Sequence[Request], seconds: float, *, connections: int, rate: float
) -> Mapping[int, Measured]:
    """As `hey`, the requests in turn, and each connection at random moments: all come evenly.

    hey's connections send in step: a thousand of them are a thousand requests at the same moment,
    several times a second, each of which then waits for those before it whatever the server does.
    """
    whole = max(1, round(seconds))
    answers = _paced(url, requests, whole, connections, rate)
    return {status: of_samples(found, whole) for status, found in answers.items()}


def paced_together(
    url: str, requests: Sequence[Request], seconds: float, *, connections: int, rate: float
) -> Measured:
    """The same, measured of all successes; everything else is an error."""
    whole = max(1, round(seconds))
    answers = _paced(url, requests, whole, connections, rate)
    good = [each for status, found in answers.items() if 200 <= status < 400 for each in found]
    errors = sum(map(len, answers.values())) - len(good)
    return of_samples(good, whole, errors)


def _paced(
    url: str, requests: Sequence[Request], seconds: int, connections: int, rate: float
) -> Mapping[int, list[float]]:
    require("wrk")
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as file:
        file.write("".join(f"{request.line()}\n" for request in requests))
        file.flush()
        given = {"LOAD_REQUESTS": file.name, "LOAD_SERIAL": str(time.time_ns() // 1000)}
        given["LOAD_INTERVAL_MS"] = f"{connections / rate * 1000}"
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s"]
        command += [f"--timeout={_TIMEOUT_SECONDS}s", "-s", str(_SCRIPTS / "paced.lua"), url]
        output = _output(command, given, seconds)
    latencies: dict[int, list[float]] = defaultdict(list)
    for line in output.splitlines():
        if line.startswith(_ANSWER):
            status, milliseconds = line.removeprefix(_ANSWER).split()
            latencies[int(status)].append(float(milliseconds))
    return latencies


def _from_hey(output: str, seconds: float) -> dict[int, Measured]:
    latencies: dict[int, list[float]] = defaultdict(list)
    for row in csv.DictReader(io.StringIO(output)):
        latencies[int(row["status-code"])].append(float(row["response-time"]) * 1000)
    return {status: of_samples(found, seconds) for status, found in latencies.items()}


def _output(command: Sequence[str], given: Mapping[str, str], seconds: float) -> str:
    finished = subprocess.run(  # noqa: S603 -- the command is ours
        command,
        env={**os.environ, **given},
        capture_output=True,
        text=True,
        timeout=seconds + 60,
        check=True,
    )
    return finished.stdout
