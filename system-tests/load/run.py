"""`python -m load.run [NAME…]`: runs benchmarks (without names, the usual ones) and reports."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from load import machine, report
from load.bench import Bench
from load.registry import Benchmark, benchmarks_by_name

_FOLDER = Path(__file__).parents[2] / "bench"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what is named; BENCH_SECONDS (5) is the time that each scenario is driven."""
    known = benchmarks_by_name()
    parser = argparse.ArgumentParser(prog="load.run")
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[*known, []])
    parser.add_argument("--list", action="store_true", help="say which benchmarks there are")
    parser.add_argument("--out", type=Path, default=_FOLDER, help="folder of the report")
    given = parser.parse_args(arguments)
    if given.list:
        for each in known.values():
            print(f"{each.name:16} {'*' if each.default else ' '} {each.summary}")
        return
    names = given.names or [each.name for each in known.values() if each.default]
    run([known[name] for name in names], given.out)


def run(benchmarks: Sequence[Benchmark], folder: Path) -> None:
    """Run benchmarks one after the other, on one platform, and write the report into a folder."""
    machine.keep_to_cores()
    seconds = float(os.environ.get("BENCH_SECONDS") or 5)
    facts = machine.facts() | {"seconds a scenario": f"{seconds:g}"}
    with Bench(seconds) as bench:
        for each in benchmarks:
            print(f"bench: {each.name}", flush=True)
            each.run(bench)
            bench.weigh()
            report.write(folder, bench.findings, facts)
    print((folder / "report.md").read_text())


if __name__ == "__main__":
    main()
