"""Generates requests to every operation and holds what comes back against the document.

    python -m contract.fuzz --cases 5000 [--seed 7] [--url http://127.0.0.1:8080]

Without `--url` it starts a platform of its own. Ends with 1 where schemathesis finds a failure;
its reports are in build/contract.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from journeys.conformance import DOCUMENT
from pinstack_local.settings import StackSettings
from pinstack_local.stack import Stack

HERE: Final = Path(__file__).resolve().parent
REPORTS: Final = HERE.parents[1] / "build" / "contract"
STATEFUL: Final = "stateful"
_STATEFUL_SHARE: Final = 0.1
"""Of all cases. What follows from an answer cannot be repeated exactly, which ends such a run
before its time: it takes several.
"""
_MOST_ROUNDS: Final = 6
"""For what follows from answers alone; after them it is as it is."""
# A process each, as threads share one core, and CPython 3.11 cannot parse in two of them at once
# (python/cpython#106905).
FIRST_ROUND: Final = ("examples,coverage", "fuzzing")
LATER_ROUNDS: Final = ("fuzzing", STATEFUL)
_FEWEST, _MOST = 20, 250
_CASES_PER_EXAMPLE: Final = 30
"""How many cases one more example for each operation makes, roughly."""
_WIDEST: Final = 600


@dataclass(frozen=True)
class Run:
    """One process of schemathesis, with the files that it writes."""

    process: "subprocess.Popen[bytes]"
    output: Path
    report: Path


@dataclass
class Tally:
    """How many requests were made so far, and whether each was answered as it should be."""

    wanted: int
    stateless: int = 0
    stateful: int = 0
    rounds: int = 0
    is_sound: bool = True

    @property
    def done(self) -> int:
        """All of them."""
        return self.stateless + self.stateful

    def phases(self) -> tuple[str, ...]:
        """What the next round, which now begins, is made of; nothing where enough was asked."""
        if self.done == 0:
            return FIRST_ROUND
        if self.done < self.wanted:
            return LATER_ROUNDS
        is_enough = self.stateful >= self.wanted * _STATEFUL_SHARE
        if is_enough or self.rounds == _MOST_ROUNDS:
            return ()
        self.rounds += 1
        return (STATEFUL, STATEFUL)

    def count(self, phases: str, report: Path) -> None:
        """Add what one run has done."""
        cases, is_sound = _result(report)
        self.is_sound = self.is_sound and is_sound
        if phases == STATEFUL:
            self.stateful += cases
        else:
            self.stateless += cases


def main() -> int:
    """Run as many rounds as it takes; returns the exit code."""
    arguments = _arguments()
    tally, seed, started = Tally(arguments.cases), arguments.seed, time.monotonic()
    print(f"seed {seed}; the same again: --seed {seed} --cases {arguments.cases}", flush=True)
    with _platform(arguments.url) as url:
        while tally.is_sound and (phases := tally.phases()):
            _round(url, seed, phases, tally)
            seed += len(phases)
            print(f"{tally.done} cases after {time.monotonic() - started:.0f} s", flush=True)
    outcome = "and no failure" if tally.is_sound else f"and failures; reports in {REPORTS}"
    print(f"{tally.done} cases, {tally.stateful} stateful, {outcome}; seed {arguments.seed}")
    return 0 if tally.is_sound else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--cases", type=int, default=5_000, help="at least so many requests")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**31))
    parser.add_argument("--url", default="", help="a gateway that runs, without rate limits")
    return parser.parse_args()


@contextmanager
def _platform(url: str) -> Iterator[str]:
    if url:
        yield url
        return
    with tempfile.TemporaryDirectory(prefix="pinstack-fuzz-") as folder:
        settings = StackSettings(
            data_dir=Path(folder),
            environment={"RATE_LIMIT_ENABLED": "false"},
            durable=False,
            start_timeout=120,
        )
        with Stack(settings) as stack:
            yield stack.gateway_url


def _round(url: str, seed: int, phases: tuple[str, ...], tally: Tally) -> None:
    """One run for each of the phases, all at the same time."""
    wanted = max(0, tally.wanted - tally.done) // len(phases)
    examples = min(_MOST, max(_FEWEST, wanted // _CASES_PER_EXAMPLE))
    runs = [_start(url, seed + number, each, examples) for number, each in enumerate(phases)]
    for each, run in zip(phases, runs, strict=True):
        run.process.wait()
        _show(run.output)
        tally.count(each, run.report)


def _start(url: str, seed: int, phases: str, examples: int) -> Run:
    REPORTS.mkdir(parents=True, exist_ok=True)
    name = f"{phases.replace(',', '-')}-{seed}"
    report, output = REPORTS / f"{name}.json", REPORTS / f"{name}.txt"
    report.unlink(missing_ok=True)
    command = [str(Path(sys.executable).with_name("schemathesis"))]
    command += ["--config-file", str(HERE / "schemathesis.toml"), "run", str(DOCUMENT)]
    command += ["--url", url, "--phases", phases, "--seed", str(seed)]
    command += ["--max-examples", str(examples), "--warnings", "off", "--no-color"]
    command += ["--report", "json", "--report-json-path", str(report)]
    environment = os.environ | {"PINSTACK_TEST_GATEWAY_URL": url, "PYTHONPATH": str(HERE.parent)}
    with output.open("wb") as file:
        process = subprocess.Popen(command, env=environment, stdout=file, stderr=file)  # noqa: S603
    return Run(process, output, report)


def _show(output: Path) -> None:
    """What a run has said; a request in it may be a megabyte long."""
    for line in output.read_text(errors="replace").splitlines():
        print(line[:_WIDEST], flush=True)


def _result(report: Path) -> tuple[int, bool]:
    """The cases of a run, and whether it was a whole one without a failure."""
    if not report.exists():
        return 0, False
    content = json.loads(report.read_text())
    operations = content["operations"]
    is_sound = (
        content["exit_code"] == 0
        and content["complete"]
        and not content["failures"]
        and not content["errors"]
        and not content["auth"]["reauth_broke"]
        and content["test_cases"]["errored"] == 0
        and operations["tested"] + operations["skipped"] == operations["total"]
    )
    return content["test_cases"]["generated"], is_sound


if __name__ == "__main__":
    sys.exit(main())
