"""The report of a run: figures as JSON, and a picture of how it went."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from chaos.findings import Finding, count
from chaos.ledger import Ledger
from chaos.machine import Injury, as_rows
from chaos.settings import ChaosSettings

_MOST_FINDINGS: Final = 200


def report(
    settings: ChaosSettings,
    ledger: Ledger,
    injuries: Sequence[Injury],
    findings: Sequence[Finding],
    **more: object,
) -> dict[str, Any]:
    """The figures of a run."""
    outcomes = ledger.outcomes()
    recoveries = [one.recovered_after for one in injuries if one.recovered_after is not None]
    return {
        "requests": len(ledger.entries),
        "acknowledged": outcomes["acknowledged"],
        "refused": outcomes["refused"],
        "unknown": outcomes["unknown"],
        "faults": len(injuries),
        **count(findings),
        "slowest_recovery_seconds": max(recoveries, default=0),
        "settings": asdict(settings),
        **more,
        "by_action": Counter(f"{entry.action} {entry.outcome}" for entry in ledger.entries),
        "answers": Counter(entry.answer for entry in ledger.entries),
        "findings": [f"{one.fault}: {one.what}" for one in findings[:_MOST_FINDINGS]],
        "injuries": as_rows(injuries),
    }


def write(path: Path, figures: dict[str, Any]) -> None:
    """Write the figures as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures, indent=2, default=str) + "\n")


def summary(figures: dict[str, Any]) -> str:
    """What a person wants to know first."""
    names = ("requests", "acknowledged", "refused", "unknown", "faults")
    wrong = ("lost", "doubled", "out_of_order", "inconsistent", "crashed")
    lines = [
        ", ".join(f"{name} {figures[name]}" for name in names),
        ", ".join(f"{name} {figures[name]}" for name in wrong),
    ]
    mishaps = [f"beside the services: {mishap}" for mishap in figures.get("mishaps", ())]
    return "\n".join([*lines, *mishaps, *figures["findings"][:20]])
