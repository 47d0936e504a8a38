"""Benchmarks by name: a function in a module of `load.benchmarks`, marked as one."""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

from load import benchmarks
from load.bench import Bench

Run = Callable[[Bench], None]


@dataclass(frozen=True)
class Benchmark:
    """What `python -m load.run` can run."""

    name: str
    summary: str
    run: Run
    default: bool


def benchmark(name: str, summary: str, *, default: bool = False) -> Callable[[Run], Benchmark]:
    """Mark a function as a benchmark; one that is `default` runs where none is named."""

    def mark(run: Run) -> Benchmark:
        return Benchmark(name, summary, run, default)

    return mark


def benchmarks_by_name() -> dict[str, Benchmark]:
    """Every benchmark of the modules in `load.benchmarks`. Raises ValueError for a double name."""
    found: dict[str, Benchmark] = {}
    for module in sorted(each.name for each in pkgutil.iter_modules(benchmarks.__path__)):
        for value in vars(importlib.import_module(f"{benchmarks.__name__}.{module}")).values():
            if isinstance(value, Benchmark) and found.setdefault(value.name, value) is not value:
                raise ValueError(f"two benchmarks are named {value.name}")
    return found
