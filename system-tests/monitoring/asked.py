"""The queries of every dashboard and every alert, as a Prometheus can answer them."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

MONITORING: Final = Path(__file__).resolve().parents[2] / "monitoring"
RATE_WINDOW: Final = "1m"
_COMPARISON: Final = re.compile(r"\s(?:==|!=|>=|<=|>|<)\s*[\d.]+(?:\s*[*^]\s*[\d.]+)*")


@dataclass(frozen=True, slots=True)
class Asked:
    """A query, and who asks it."""

    by: str
    expression: str


def panels() -> Iterator[Asked]:
    """Every query of a panel to Prometheus."""
    for path in sorted((MONITORING / "grafana" / "dashboards").glob("*.json")):
        for panel in _panels(json.loads(path.read_text())):
            for target in panel["targets"]:
                if target["datasource"]["type"] == "prometheus":
                    expression = target["expr"].replace("$__rate_interval", RATE_WINDOW)
                    yield Asked(f"{path.stem}: {panel['title']}", expression)


def _panels(board: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for panel in board["panels"]:
        yield from panel.get("panels", [])
        if panel["type"] != "row":
            yield panel


def alerts() -> Iterator[Asked]:
    """What every alert looks at: its expression, without what it compares that with."""
    for path in sorted((MONITORING / "prometheus" / "rules").glob("*.yml")):
        for group in yaml.safe_load(path.read_text())["groups"]:
            for rule in group["rules"]:
                if "alert" in rule:
                    inner = _COMPARISON.sub("", rule["expr"]).replace(" unless ", " or ")
                    yield Asked(f"alert {rule['alert']}", inner)
