"""What was measured: rates, percentiles, ratios."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil
from statistics import median


@dataclass(frozen=True)
class Measured:
    """One run of a scenario: requests (or messages) a second, latencies in milliseconds."""

    rps: float
    p50_ms: float = 0.0
    p95_ms: float = 0.0
    p99_ms: float = 0.0
    errors: int = 0
    requests: int = 0
    notes: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Ratio:
    """One side of paired runs divided by the other: the median pair, and the extreme ones."""

    median: float
    lowest: float
    highest: float
    pairs: int


def percentile(samples: Sequence[float], share: float) -> float:
    """The smallest sample that `share` (0–1) of all do not exceed (nearest rank); 0 of none."""
    if not samples:
        return 0.0
    ordered = sorted(samples)
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


def of_samples(latencies_ms: Sequence[float], seconds: float, errors: int = 0) -> Measured:
    """What a run of `seconds` amounts to that kept the latency of every success."""
    return Measured(
        rps=len(latencies_ms) / seconds,
        p50_ms=percentile(latencies_ms, 0.50),
        p95_ms=percentile(latencies_ms, 0.95),
        p99_ms=percentile(latencies_ms, 0.99),
        errors=errors,
        requests=len(latencies_ms) + errors,
    )


def ratio(pairs: Sequence[tuple[float, float]]) -> Ratio:
    """Of pairs (this, that): this / that of each pair. Raises ValueError without a pair."""
    found = [this / that for this, that in pairs]
    return Ratio(median(found), min(found), max(found), len(found))


def median_run(runs: Sequence[Measured]) -> Measured:
    """The run whose rate is the median (the lower of the two middle ones)."""
    return sorted(runs, key=lambda run: run.rps)[(len(runs) - 1) // 2]
