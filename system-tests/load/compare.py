"""`python -m load.compare BASE`: this tree and another version of it, in turns.

BASE is anything that git knows as a commit. Both platforms run all the time; one is driven.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Final

from load import machine, requests
from load.generators import Request, wrk
from load.paired import Paired, paired
from load.platform import Platform, running

_ROOT: Final = Path(__file__).parents[2]
_PAIRS: Final = 5
_HEADS: Final = "| scenario | this / base | spread | this a second | base a second | p99 ms |"


def main(arguments: Sequence[str]) -> int:
    """Compare, and write bench/compare.md and bench/compare.json; BENCH_SECONDS (5) by scenario.

    Returns the exit code: 2 for a base that git does not know.
    """
    (base,) = arguments
    known = ["git", "rev-parse", "--quiet", "--verify", f"{base}^{{commit}}"]
    if subprocess.run(known, cwd=_ROOT, capture_output=True, check=False).returncode:  # noqa: S603
        print(f"bench-compare: git knows no commit {base}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # clean up as after Ctrl-C
    machine.keep_to_cores()
    seconds = float(os.environ.get("BENCH_SECONDS") or 5)
    pairs = max(_PAIRS, int(seconds))
    with (
        _checked_out(base) as root,
        running() as this,
        running(root=root, python=root / ".venv" / "bin" / "python") as that,
    ):
        found = _compared(this, that, seconds / pairs, pairs)
    _write(base, found)
    return 0


def _compared(this: Platform, that: Platform, seconds: float, pairs: int) -> Mapping[str, Paired]:
    found = {}
    for name, wanted in _scenarios(this).items():
        print(f"bench: {name}", flush=True)
        found[name] = paired(
            partial(wrk, this.url, wanted, seconds),
            partial(wrk, that.url, _scenarios(that)[name], seconds),
            pairs,
        )
    return found


def _scenarios(platform: Platform) -> dict[str, Sequence[Request]]:
    people = platform.people
    posts = [requests.post(each) for each in people]
    return {**requests.reads(people), "post": posts, "mix": requests.mix(people)}


@contextmanager
def _checked_out(base: str) -> Iterator[Path]:
    """The version in a folder of its own, installed, while the block runs."""
    with tempfile.TemporaryDirectory(prefix="pinstack-base-") as folder:
        root = Path(folder) / "base"
        _run(["git", "worktree", "add", "--quiet", "--detach", str(root), base], _ROOT)
        try:
            _run(["make", "--no-print-directory", "install"], root)
            yield root
        finally:
            _run(["git", "worktree", "remove", "--force", str(root)], _ROOT)


def _run(command: Sequence[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True)  # noqa: S603 -- our own commands


def _write(base: str, found: Mapping[str, Paired]) -> None:
    folder = _ROOT / "bench"
    folder.mkdir(exist_ok=True)
    content = {"base": base, "scenarios": {name: asdict(each) for name, each in found.items()}}
    (folder / "compare.json").write_text(json.dumps(content, indent=1) + "\n")
    lines = [f"# Compared with {base}", "", _HEADS, "|---" * 6 + "|"]
    for name, one in found.items():
        spread = f"{one.ratio.lowest:.2f}–{one.ratio.highest:.2f}"
        rates = f"{one.this.rps:,.0f} | {one.that.rps:,.0f}"
        delay = f"{one.this.p99_ms:.1f} / {one.that.p99_ms:.1f}"
        lines.append(f"| {name} | {one.ratio.median:.2f} | {spread} | {rates} | {delay} |")
    text = "\n".join([*lines, ""])
    (folder / "compare.md").write_text(text)
    print(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
