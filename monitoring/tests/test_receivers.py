"""Where alerts, logs and traces go: Alertmanager, Loki, Alloy, Tempo, the ELK stack."""

import json
import re
from typing import Any

import pytest
import yaml

from tests.catalogue import MONITORING, alerts
from tests.tools import run

ALERTMANAGER = MONITORING / "alertmanager" / "alertmanager.yml"
ALLOY = MONITORING / "alloy" / "config.alloy"


def loaded(*parts: str) -> dict[str, Any]:
    """A YAML file below monitoring/."""
    found: dict[str, Any] = yaml.safe_load(MONITORING.joinpath(*parts).read_text())
    return found


def test_amtool_takes_the_configuration() -> None:
    assert "SUCCESS" in run("amtool", "check-config", ALERTMANAGER)


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (["severity=page", "alertname=ServiceDown"], "on-call"),
        (["severity=ticket", "alertname=DatabaseSlow"], "tickets"),
        (["severity=ticket", "kind=security", "alertname=LoginsFail"], "security"),
    ],
)
def test_alertmanager_sends_an_alert_to_whom_it_concerns(labels: list[str], receiver: str) -> None:
    said = run("amtool", "config", "routes", "test", f"--config.file={ALERTMANAGER}", *labels)
    assert said.strip() == receiver


def test_inhibitions_name_alerts_and_kinds_that_exist() -> None:
    rules = loaded("alertmanager", "alertmanager.yml")["inhibit_rules"]
    text = " ".join(one for rule in rules for side in rule.values() for one in side)
    names = set(re.findall(r'alertname !?= "(\w+)"', text))
    kinds = {
        kind for group in re.findall(r'kind =~? "([\w|]+)"', text) for kind in group.split("|")
    }
    assert names <= {alert["alert"] for alert in alerts()}
    assert kinds <= {alert["labels"]["kind"] for alert in alerts()}


def test_logs_have_few_labels_and_no_id_among_them() -> None:
    text = ALLOY.read_text()
    (kept,) = re.findall(r"stage\.label_keep \{\s*values = \[([^\]]*)\]", text)
    assert set(re.findall(r'"(\w+)"', kept)) == {"app", "level"}
    (beside,) = re.findall(r"stage\.structured_metadata \{\s*values = \{([^}]*)\}", text)
    assert {"trace_id", "request_id", "user_id"} == set(re.findall(r"(\w+) =", beside))


def test_alloy_s_components_feed_each_other() -> None:
    text = ALLOY.read_text()
    made = {f"{kind}.{name}" for kind, name in re.findall(r'^([\w.]+) "(\w+)" \{', text, re.M)}
    used = set(re.findall(r"\b((?:loki|discovery|local)\.\w+(?:\.\w+)?\.\w+)\.\w+\b", text))
    assert used
    assert used <= made


def test_logs_and_traces_are_kept_for_a_while_and_then_deleted() -> None:
    loki = loaded("loki", "loki.yaml")
    assert loki["limits_config"]["retention_period"] == "336h"
    assert loki["compactor"]["retention_enabled"] is True
    assert loki["compactor"]["delete_request_store"]
    tempo = loaded("tempo", "tempo.yaml")
    assert tempo["compactor"]["compaction"]["block_retention"] == "72h"
    assert {"grpc", "http"} == tempo["distributor"]["receivers"]["otlp"]["protocols"].keys()


def test_the_elk_alternative_keeps_ids_as_keywords() -> None:
    template = json.loads(
        (MONITORING / "elk" / "elasticsearch" / "index-template.json").read_text()
    )
    lifecycle = json.loads((MONITORING / "elk" / "elasticsearch" / "lifecycle.json").read_text())
    assert lifecycle["policy"]["phases"]["delete"]["actions"] == {"delete": {}}
    fields = template["template"]["mappings"]["properties"]
    assert fields["trace"]["properties"]["id"] == {"type": "keyword"}
    pipeline = (MONITORING / "elk" / "logstash" / "pipeline" / "pinstack.conf").read_text()
    assert pipeline.count("{") == pipeline.count("}")
    assert "[pinstack][trace_id]" in pipeline
    assert loaded("elk", "filebeat", "filebeat.yml")["output.logstash"]
