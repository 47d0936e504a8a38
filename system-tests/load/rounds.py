"""Several scenarios and what they are compared with, in turns, so that noise hits all alike."""

from collections.abc import Callable, Mapping
from typing import Final

from load.bench import Bench
from load.measured import Measured, median_run, ratio

_ROUNDS: Final = 5

Run = Callable[[float], Measured]


def against_floor(bench: Bench, name: str, floor: Run, scenarios: Mapping[str, Run]) -> None:
    """Run the floor and all scenarios, a round at a time; each ratio is scenario / floor by round.

    A run is told its seconds: at least one, in sum the bench's for each scenario.
    """
    rounds = max(1, min(_ROUNDS, int(bench.seconds)))
    seconds = max(1.0, bench.seconds / rounds)
    floors: list[Measured] = []
    found: dict[str, list[Measured]] = {scenario: [] for scenario in scenarios}
    for _ in range(rounds):
        floors.append(floor(seconds))
        for scenario, run in scenarios.items():
            found[scenario].append(run(seconds))
    bench.floor(name, median_run(floors))
    for scenario, runs in found.items():
        bench.scenario(scenario, _with_all_errors(runs))
        pairs = [(run.rps, base.rps) for run, base in zip(runs, floors, strict=True)]
        bench.ratio(f"{scenario}/{name}", ratio(pairs))


def _with_all_errors(runs: list[Measured]) -> Measured:
    typical = median_run(runs)
    errors = sum(run.errors for run in runs)
    return Measured(
        typical.rps, typical.p50_ms, typical.p95_ms, typical.p99_ms, errors, typical.requests
    )
