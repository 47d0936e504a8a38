"""Every metric that Prometheus can know, with its labels: our catalogue, and the libraries'."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from prometheus_client.metrics import MetricWrapperBase
from service_kit import metrics

ROOT: Final = Path(__file__).resolve().parents[2]
MONITORING: Final = ROOT / "monitoring"
RULES: Final = sorted((MONITORING / "prometheus" / "rules").glob("*.yml"))
SCRAPED: Final = frozenset({"app", "instance", "job", "service"})
"""Labels that scraping adds."""

OF_LIBRARIES: Final = {
    "up": SCRAPED,
    "process_cpu_seconds_total": SCRAPED,
    "process_resident_memory_bytes": SCRAPED,
    "process_start_time_seconds": SCRAPED,
    "process_open_fds": SCRAPED,
    "process_max_fds": SCRAPED,
    "python_gc_collections_total": SCRAPED | {"generation"},
    "prometheus_rule_evaluation_failures_total": SCRAPED | {"rule_group"},
}
_METRIC: Final = re.compile(r"\b(?:pinstack_|pinstack:|process_|python_|prometheus_)[\w:]+|\bup\b")
_TEXT: Final = re.compile(r'"[^"]*"')
_MATCHERS: Final = re.compile(r"\{([^}]*)\}")
_GROUPING: Final = re.compile(r"\bby \(([^)]*)\)")


@dataclass(frozen=True, slots=True)
class Family:
    """A metric as the catalogue has it; `name` is as operators read it, `_total` included."""

    name: str
    kind: str
    labels: tuple[str, ...]
    meaning: str

    @property
    def series(self) -> Iterator[str]:
        """The names under which Prometheus keeps it."""
        if self.kind != "histogram":
            yield self.name
            return
        for suffix in ("_bucket", "_sum", "_count"):
            yield self.name + suffix


def families() -> list[Family]:
    """The catalogue."""
    return [
        _family(metric)
        for metric in vars(metrics).values()
        if isinstance(metric, MetricWrapperBase)
    ]


def _family(metric: MetricWrapperBase) -> Family:
    (described,) = metric.describe()
    name = described.name + ("_total" if described.type == "counter" else "")
    return Family(name, described.type, tuple(metric._labelnames), described.documentation)


@cache
def known() -> dict[str, frozenset[str]]:
    """Every name that a query may use, with the labels that it has."""
    found = dict(OF_LIBRARIES)
    for family in families():
        for series in family.series:
            found[series] = SCRAPED | set(family.labels) | {"le"}
    return found | {rule["record"]: frozenset() for rule in rules() if "record" in rule}


@cache
def rules() -> list[dict[str, Any]]:
    """Every rule of Prometheus."""
    return [
        rule
        for path in RULES
        for group in yaml.safe_load(path.read_text())["groups"]
        for rule in group["rules"]
    ]


def alerts() -> list[dict[str, Any]]:
    """Those that somebody is told of."""
    return [rule for rule in rules() if "alert" in rule]


def faults(expression: str) -> list[str]:
    """What a query asks for that is not there: metrics, labels."""
    bare = _TEXT.sub('""', expression)
    names = set(_METRIC.findall(bare))
    missing = sorted(names - known().keys())
    if missing or not names:
        return missing or ["no metric"]
    labels = frozenset[str]().union(*(known()[name] for name in names))
    return sorted(_labels(bare) - labels)


def _labels(expression: str) -> set[str]:
    asked = {
        re.split(r"[=!]", matcher, maxsplit=1)[0].strip()
        for group in _MATCHERS.findall(expression)
        for matcher in group.split(",")
    }
    grouped = {name.strip() for group in _GROUPING.findall(expression) for name in group.split(",")}
    return (asked | grouped) - {""}
