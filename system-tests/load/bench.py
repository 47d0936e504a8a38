"""What a benchmark is given: a platform, and a place for what it finds."""

from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from load.measured import Measured, Ratio
from load.platform import Platform, running
from load.processes import Usage, rss_mib


@dataclass
class Findings:
    """Everything found so far, by name."""

    scenarios: dict[str, Measured] = field(default_factory=dict)
    floors: dict[str, Measured] = field(default_factory=dict)
    ratios: dict[str, Ratio] = field(default_factory=dict)
    usage: dict[str, dict[str, Usage]] = field(default_factory=dict)
    notes: dict[str, float | str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The keys that bench/report.json promises; spreads stand beside the ratios."""
        return {
            "scenarios": {name: asdict(each) for name, each in self.scenarios.items()},
            "floors": {name: asdict(each) for name, each in self.floors.items()},
            "ratios": {name: round(each.median, 4) for name, each in self.ratios.items()},
            "spreads": {name: asdict(each) for name, each in self.ratios.items()},
            "usage": {
                scenario: {name: asdict(each) for name, each in found.items()}
                for scenario, found in self.usage.items()
            },
            "notes": self.notes,
        }


class Bench:
    """One run of benchmarks; `seconds` is how long each scenario is to be driven."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.findings = Findings()
        self._stack = ExitStack()
        self._platform: Platform | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def platform(self) -> Platform:
        """The platform with the known data in it; started when first asked for, shared by all."""
        if self._platform is None:
            self._platform = self._stack.enter_context(running())
        return self._platform

    def weigh(self) -> None:
        """Note the memory of the platform, where there is one."""
        if self._platform is not None:
            pids = self._platform.pids
            self.findings.usage["end"] = {
                n: Usage(0.0, round(rss_mib(p), 1)) for n, p in pids.items()
            }
            total = sum(usage.rss_mib for usage in self.findings.usage["end"].values())
            self.note("memory_of_six_processes_mib", round(total, 1))

    def scenario(self, name: str, measured: Measured) -> Measured:
        """Keep what a scenario has measured."""
        self.findings.scenarios[name] = measured
        return measured

    def floor(self, name: str, measured: Measured) -> Measured:
        """Keep what something bare has measured that scenarios are compared with."""
        self.findings.floors[name] = measured
        return measured

    def ratio(self, name: str, found: Ratio) -> None:
        """Keep a ratio."""
        self.findings.ratios[name] = found

    def note(self, name: str, value: float | str) -> None:
        """Keep any other figure, with its unit in its name."""
        self.findings.notes[name] = value
