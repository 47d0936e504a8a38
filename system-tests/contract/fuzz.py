"""Generates requests to every operation and holds what comes back against the document.

    python -m contract.fuzz --cases 5000 [--seed 7] [--url http://127.0.0.1:8080]

Without `--url` it starts a platform of its own. Ends with 1 where schemathesis finds a failure.
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

from pinstack_local.settings import StackSettings
from pinstack_local.stack import Stack

from contract.conformance import DOCUMENT

HERE: Final = Path(__file__).resolve().parent
WORKERS: Final = 2
_FEW: Final = 20
_MOST: Final = 400
_CASES_PER_EXAMPLE: Final = 55
"""How many cases one more example for each operation makes, roughly; the first 2,000 are given."""
_GIVEN: Final = 2_000


@dataclass(frozen=True)
class Round:
    """What one run of schemathesis did."""

    cases: int
    sound: bool


def main() -> int:
    """Run as many rounds as it takes; returns the exit code."""
    arguments = _arguments()
    seed, done, started = arguments.seed, 0, time.monotonic()
    print(f"seed {seed}: again with --seed {seed}", flush=True)
    with _platform(arguments.url) as url:
        while done < arguments.cases:
            result = _round(url, seed, arguments.cases - done)
            done, seed = done + result.cases, seed + 1
            if not result.sound:
                print(f"{done} cases, with failures (seed {seed - 1})")
                return 1
    print(f"{done} cases without a failure in {time.monotonic() - started:.0f} s")
    return 0


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


def _round(url: str, seed: int, wanted: int) -> Round:
    examples = min(_MOST, max(_FEW, (wanted - _GIVEN) // _CASES_PER_EXAMPLE))
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [str(Path(sys.executable).with_name("schemathesis"))]
        command += ["--config-file", str(HERE / "schemathesis.toml"), "run", str(DOCUMENT)]
        command += ["--url", url, "--workers", str(WORKERS), "--seed", str(seed)]
        command += ["--max-examples", str(examples), "--warnings", "off", "--no-color"]
        command += ["--report", "json", "--report-json-path", str(report)]
        environment = os.environ | {
            "PINSTACK_TEST_GATEWAY_URL": url,
            "PYTHONPATH": str(HERE.parent),
        }
        subprocess.run(command, env=environment, check=False)  # noqa: S603
        return _result(report)


def _result(report: Path) -> Round:
    """What the report says; a run that is no whole one is none at all."""
    if not report.exists():
        return Round(0, sound=False)
    content = json.loads(report.read_text())
    operations = content["operations"]
    sound = (
        content["exit_code"] == 0
        and content["complete"]
        and not content["failures"]
        and not content["errors"]
        and not content["auth"]["reauth_broke"]
        and operations["tested"] == operations["total"]
    )
    return Round(content["test_cases"]["generated"], sound)


if __name__ == "__main__":
    sys.exit(main())
