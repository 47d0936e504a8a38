"""Every alert asks for what is there, fires when it must, and says what to do."""

import re
from typing import Any

import pytest
import yaml

from tests.catalogue import MONITORING, ROOT, RULES, alerts, faults, rules
from tests.tools import run

CASES = sorted((MONITORING / "prometheus" / "tests").glob("*.yml"))
WINDOWS = {"5m", "30m", "1h", "2h", "6h", "1d", "3d"}
OBJECTIVES = {"availability_errors", "slow_reads", "late_deliveries"}
every_alert = pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert["alert"])


def sections() -> dict[str, str]:
    """The runbooks: the section of each heading of the third level, by heading."""
    text = (ROOT / "docs" / "operations.md").read_text()
    runbooks = re.split(r"^## ", text, flags=re.M)
    (own,) = [part for part in runbooks if part.startswith("Runbooks")]
    parts = re.split(r"^### (\w+)$", own, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_promtool_takes_configuration_and_rules() -> None:
    run("promtool", "check", "config", MONITORING / "prometheus" / "prometheus.yml")
    run("promtool", "check", "rules", *RULES)


def test_promtool_sees_every_alert_fire_and_not_fire() -> None:
    run("promtool", "test", "rules", *CASES)


def test_every_alert_has_a_case_where_it_fires_and_one_where_it_does_not() -> None:
    seen: dict[str, set[bool]] = {}
    for path in CASES:
        for case in yaml.safe_load(path.read_text())["tests"]:
            for wanted in case["alert_rule_test"]:
                fires = bool(wanted["exp_alerts"])
                assert case["input_series"], case["name"]
                seen.setdefault(wanted["alertname"], set()).add(fires)
    assert seen == {alert["alert"]: {True, False} for alert in alerts()}


@every_alert
def test_an_alert_asks_for_metrics_and_labels_of_the_catalogue(alert: dict[str, Any]) -> None:
    assert not faults(alert["expr"])


@every_alert
def test_an_alert_says_how_urgent_it_is_what_is_wrong_and_where_it_says_what_to_do(
    alert: dict[str, Any],
) -> None:
    assert alert["labels"]["severity"] in ("page", "ticket")
    assert alert["labels"]["kind"]
    assert alert["annotations"]["summary"]
    anchor = f"docs/operations.md#{alert['alert'].lower()}"
    assert alert["annotations"]["runbook_url"] == anchor


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    runbooks = sections()
    assert runbooks.keys() == {alert["alert"] for alert in alerts()}
    assert not [name for name, text in runbooks.items() if len(text.split()) < 30]


def test_objectives_are_recorded_over_every_window_that_burn_rates_need() -> None:
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    assert recorded == {
        f"pinstack:{name}:ratio_rate{window}" for name in OBJECTIVES for window in WINDOWS
    }
