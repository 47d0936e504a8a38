"""The committed dashboards are what the code says, and ask for what is there."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from dashboards.__main__ import FOLDER, main
from grafana_foundation_sdk.models.dashboard import Dashboard
from pinstack_local.catalogue import SERVICES

from tests.catalogue import MONITORING, families, faults

FILES = sorted(FOLDER.glob("*.json"))
every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def panels(board: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All panels, those in rows too."""
    for panel in board["panels"]:
        yield from panel.get("panels", [])
        if panel["type"] != "row":
            yield panel


def queries(kind: str) -> list[tuple[str, str, str]]:
    """Dashboard, panel and query of all that ask a data source of that kind."""
    return [
        (path.stem, panel["title"], target.get("expr") or target["query"])
        for path in FILES
        for panel in panels(json.loads(path.read_text()))
        for target in panel["targets"]
        if target["datasource"]["type"] == kind
    ]


def test_the_committed_files_are_what_the_code_makes() -> None:
    assert main(["--check"]) == 0


def test_there_is_one_for_every_service_and_every_view() -> None:
    views = {"overview", "gateway", "events", "live", "logs-traces"}
    services = {spec.name for spec in SERVICES if spec.database}
    assert {path.stem for path in FILES} == views | services


@every_file
def test_a_file_is_a_dashboard_of_the_sdk_s_schema(path: Any) -> None:
    board = json.loads(path.read_text())
    again = Dashboard.from_json(board)
    assert (again.uid, again.title) == (board["uid"], board["title"])
    assert len(list(panels(board))) >= 5 or path.stem == "logs-traces"


@pytest.mark.parametrize(("board", "panel", "expression"), queries("prometheus"))
def test_a_panel_asks_for_metrics_and_labels_of_the_catalogue(
    board: str, panel: str, expression: str
) -> None:
    assert not faults(expression), f"{board}: {panel}"


def test_a_query_for_what_is_not_there_is_found() -> None:
    assert faults("rate(pinstack_htp_requests_total[5m])") == ["pinstack_htp_requests_total"]
    assert faults('pinstack_consumer_lag{user_id="7"}') == ["user_id"]
    assert faults("sum by (path) (pinstack_http_requests_total)") == ["path"]
    assert faults("vector(1)") == ["no metric"]


def test_every_metric_of_the_catalogue_is_on_a_dashboard() -> None:
    asked = " ".join(expression for _, _, expression in queries("prometheus"))
    assert not [family.name for family in families() if family.name not in asked]


def test_dashboards_use_the_data_sources_that_are_provisioned() -> None:
    path = MONITORING / "grafana" / "provisioning" / "datasources" / "pinstack.yml"
    provisioned = {one["uid"]: one for one in yaml.safe_load(path.read_text())["datasources"]}
    used = {
        target["datasource"]["uid"]
        for file in FILES
        for panel in panels(json.loads(file.read_text()))
        for target in panel["targets"]
    }
    assert used == provisioned.keys() == {"prometheus", "loki", "tempo"}


def test_exemplars_lead_to_traces_traces_to_logs_and_log_lines_to_traces() -> None:
    path = MONITORING / "grafana" / "provisioning" / "datasources" / "pinstack.yml"
    data = {one["uid"]: one["jsonData"] for one in yaml.safe_load(path.read_text())["datasources"]}
    (exemplar,) = data["prometheus"]["exemplarTraceIdDestinations"]
    assert (exemplar["name"], exemplar["datasourceUid"]) == ("trace_id", "tempo")
    (field,) = data["loki"]["derivedFields"]
    assert field["datasourceUid"] == "tempo"
    assert data["tempo"]["tracesToLogsV2"]["datasourceUid"] == "loki"
    assert data["tempo"]["tracesToMetrics"]["datasourceUid"] == "prometheus"
    histograms = [text for _, _, text in queries("prometheus") if "histogram_quantile" in text]
    assert histograms
