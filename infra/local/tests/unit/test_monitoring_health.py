"""What `make check-monitoring-health` finds, and the code that it ends with."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pinstack_local.cli import main
from pinstack_local.monitoring_health import PARTS, findings
from pinstack_local.ports import free_port

WELL: Mapping[str, Any] = {
    "/-/ready": "ready",
    "/api/v1/targets": {
        "activeTargets": [
            {"labels": {"app": "user-service", "job": "pinstack"}, "scrapeUrl": "u", "health": "up"}
        ]
    },
    "/api/v1/rules": {"groups": [{"rules": [{"name": "ServiceDown", "health": "ok"}]}]},
    "/api/v1/alertmanagers": {"activeAlertmanagers": [{"url": "a"}]},
}


@contextmanager
def answering(data: Mapping[str, Any]) -> Iterator[str]:
    """A server that answers paths with data in Prometheus' envelope, and others with 404."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = data.get(self.path.partition("?")[0])
            self.send_response(404 if found is None else 200)
            self.end_headers()
            self.wfile.write(json.dumps({"data": found}).encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing runs at any usual port."""
    for part in PARTS:
        monkeypatch.delenv(f"{part.name.upper()}_URL", raising=False)
        monkeypatch.setenv(f"{part.name.upper()}_PORT", str(free_port()))


def check(monkeypatch: pytest.MonkeyPatch, data: Mapping[str, Any], **urls: str) -> int:
    """The exit code where a Prometheus and an Alertmanager answer so."""
    with answering(data) as url:
        for name, value in {"PROMETHEUS_URL": url, "ALERTMANAGER_URL": url, **urls}.items():
            monkeypatch.setenv(name, value)
        return main(["check-monitoring"])


@pytest.mark.usefixtures("nowhere")
def test_all_is_well(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(monkeypatch, WELL) == 0
    assert capsys.readouterr().err.count(" ok ") == 5


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize(
    ("path", "answer", "told"),
    [
        ("/api/v1/targets", {"activeTargets": []}, "no target is configured"),
        (
            "/api/v1/targets",
            {"activeTargets": [{"labels": {"job": "x"}, "scrapeUrl": "u", "health": "down"}]},
            "x u is down",
        ),
        ("/api/v1/rules", {"groups": []}, "no rule is loaded"),
        (
            "/api/v1/rules",
            {"groups": [{"rules": [{"name": "Bad", "health": "err", "lastError": "why"}]}]},
            "Bad: why",
        ),
        ("/api/v1/alertmanagers", {"activeAlertmanagers": []}, "no Alertmanager is known"),
        ("/api/v1/rules", None, "404"),
    ],
)
def test_what_is_amiss_is_named(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    path: str,
    answer: Any,
    told: str,
) -> None:
    assert check(monkeypatch, {**WELL, path: answer}) == 1
    assert told in capsys.readouterr().err


@pytest.mark.usefixtures("nowhere")
def test_a_part_that_somebody_named_must_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check(monkeypatch, WELL, GRAFANA_URL=f"http://127.0.0.1:{free_port()}") == 1


@pytest.mark.usefixtures("nowhere")
def test_nothing_runs_at_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-monitoring"]) == 2
    assert "make run MONITORING=1" in capsys.readouterr().err


def test_an_address_that_is_none_is_a_fault_and_no_crash() -> None:
    found = {one.about: one for one in findings({"PROMETHEUS_URL": "file:///etc/passwd"})}
    assert found["prometheus"].state == "faulty"
    assert "no HTTP address" in found["prometheus"].text
