"""Prometheus and Alertmanager beside a stack of stand-ins."""

import json
import shutil
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from pinstack_local.commands.monitoring import told
from pinstack_local.commands.run import addresses
from pinstack_local.errors import MissingTool
from pinstack_local.settings import StackSettings, repository_root
from pinstack_local.stack import Stack
from pinstack_local.waiting import wait_until

from tests.builders import stack_settings

needs_prometheus = pytest.mark.skipif(
    shutil.which("prometheus") is None or shutil.which("prometheus-alertmanager") is None,
    reason="prometheus and prometheus-alertmanager are not installed (.ci/install_tools)",
)


def asked(url: str) -> Any:
    """What an API of Prometheus answers."""
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - of this machine
        return json.load(answer)["data"]


SCRAPED = {"user-service", "api-gateway", None}


def scraped(url: str) -> set[str | None]:
    """Whose metrics a Prometheus asks for; it begins some seconds after it is ready."""
    return {one["labels"].get("app") for one in asked(f"{url}/api/v1/targets")["activeTargets"]}


@needs_prometheus
def test_they_run_beside_the_platform_and_know_it(tmp_path: Path) -> None:
    settings = stack_settings(tmp_path, monitoring=True, root=repository_root())
    with Stack(settings) as stack:
        alertmanager, prometheus = stack.monitoring
        assert wait_until(lambda: scraped(prometheus.url) == SCRAPED, 20)
        rules = [
            rule
            for group in asked(f"{prometheus.url}/api/v1/rules")["groups"]
            for rule in group["rules"]
        ]
        assert {"ServiceDown", "OutboxOld"} <= {rule["name"] for rule in rules}
        announced = addresses(stack)
        assert prometheus.url in announced
        assert alertmanager.url in announced
        assert {"prometheus", "alertmanager"} <= stack.processes.keys()
        found = told({"PINSTACK_DATA_DIR": str(settings.data_dir)})
        assert prometheus.url.endswith(f":{found['PROMETHEUS_PORT']}")
        assert alertmanager.url.endswith(f":{found['ALERTMANAGER_PORT']}")
    assert not any(process.is_running() for process in stack.processes.values())


def test_where_they_are_missing_one_line_says_so_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingTool, match="MONITORING=1 needs prometheus, which is not") as found:
        Stack(stack_settings(tmp_path, monitoring=True))
    assert "\n" not in str(found.value)


def test_the_environment_asks_for_them_on_their_usual_ports() -> None:
    plain, watched = (StackSettings.from_environment(e) for e in ({}, {"MONITORING": "1"}))
    assert not plain.monitoring
    assert "PROMETHEUS_PORT" not in plain.ports
    assert watched.monitoring
    assert (watched.ports["PROMETHEUS_PORT"], watched.ports["ALERTMANAGER_PORT"]) == (9090, 9093)
