"""bench/report.md and bench/report.json."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from load.bench import Findings
from load.measured import Measured
from load.processes import Usage


def write(folder: Path, findings: Findings, machine: Mapping[str, str]) -> None:
    """Write both reports."""
    folder.mkdir(parents=True, exist_ok=True)
    content = findings.as_json() | {"machine": dict(machine)}
    (folder / "report.json").write_text(json.dumps(content, indent=1) + "\n")
    (folder / "report.md").write_text(markdown(findings, machine))


def markdown(findings: Findings, machine: Mapping[str, str]) -> str:
    """The report for people: ratios first, they are what is compared between versions."""
    return "\n".join(
        [
            "# Benchmark",
            "",
            *_ratios(findings),
            *_measured("Floors", findings.floors),
            *_measured("Scenarios", findings.scenarios),
            *_notes(findings.notes),
            *_usage(findings.usage),
            *_table("Machine", ("", ""), machine.items()),
        ]
    )


def _ratios(findings: Findings) -> Iterator[str]:
    rows = (
        (name, f"{one.median:.3f}", f"{one.lowest:.3f}–{one.highest:.3f}", str(one.pairs))
        for name, one in findings.ratios.items()
    )
    return _table("Ratios", ("ratio", "median", "spread", "pairs"), rows)


def _measured(title: str, found: Mapping[str, Measured]) -> Iterator[str]:
    rows = (
        (
            name,
            f"{one.rps:,.0f}",
            f"{one.p50_ms:.2f}",
            f"{one.p95_ms:.2f}",
            f"{one.p99_ms:.2f}",
            str(one.errors),
        )
        for name, one in found.items()
    )
    return _table(title, ("", "a second", "p50 ms", "p95 ms", "p99 ms", "errors"), rows)


def _notes(notes: Mapping[str, float | str]) -> Iterator[str]:
    rows = ((name, f"{v:,.4g}" if isinstance(v, float) else str(v)) for name, v in notes.items())
    return _table("Other figures", ("", ""), rows)


def _usage(usage: Mapping[str, Mapping[str, Usage]]) -> Iterator[str]:
    rows = (
        (scenario, name, f"{one.cores:.2f}", f"{one.rss_mib:.0f}")
        for scenario, found in usage.items()
        for name, one in found.items()
    )
    return _table("Processes", ("during", "process", "cores", "MiB"), rows)


def _table(title: str, heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    if lines:
        yield from (f"## {title}", "", f"| {' | '.join(heads)} |", "|---" * len(heads) + "|")
        yield from (*lines, "")
