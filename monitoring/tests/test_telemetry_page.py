"""docs/telemetry.md says what the code does: metrics, spans, log fields."""

import ast
import io
import json
import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from service_kit import logs, tracing

from tests.catalogue import ROOT, families

PAGE = (ROOT / "docs" / "telemetry.md").read_text()
_SPECIFIED = """
http_requests_total http_request_duration_seconds http_requests_in_flight
grpc_client_requests_total grpc_client_request_duration_seconds
grpc_server_requests_total grpc_server_request_duration_seconds
proxy_requests_total proxy_errors_total authentication_total authorization_total
rate_limited_total shed_total
db_pool_connections db_query_duration_seconds db_transactions_total
cache_requests_total cache_operation_duration_seconds
outbox_unsent outbox_oldest_seconds outbox_published_total
consumer_lag consumer_events_total consumer_event_duration_seconds dead_letters_total
live_connections live_frames_total live_delivery_seconds live_resumed_total
registrations_total logins_total posts_total follows_total notifications_total
event_loop_lag_seconds
"""
SPECIFIED = _SPECIFIED.split()
MAKES_SPANS = {"span", "step", "continuing"}


def rows(heading: str) -> list[list[str]]:
    """The cells of the tables below a heading of the second level."""
    (part,) = [part for part in re.split(r"^## ", PAGE, flags=re.M) if part.startswith(heading)]
    lines = [line for line in part.splitlines() if line.startswith("| ") and "`" in line]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_page_has_every_metric_with_type_labels_and_meaning() -> None:
    assert rows("Metrics") == [
        [f"`{one.name}`", one.kind, ", ".join(one.labels), one.meaning] for one in families()
    ]


def test_the_catalogue_has_what_the_specification_of_operations_names() -> None:
    assert {family.name for family in families()} >= {f"pinstack_{name}" for name in SPECIFIED}


def test_every_metric_is_set_somewhere() -> None:
    sources = "\n".join(path.read_text() for path in ROOT.glob("*/src/**/*.py"))
    constants = re.findall(
        r"^([A-Z_]+) = _(?:counter|gauge|histogram)\(",
        (ROOT / "service-kit/src/service_kit/metrics.py").read_text(),
        re.M,
    )
    assert len(constants) == len(families())
    assert not [name for name in constants if f"metrics.{name}" not in sources]


def test_the_page_has_every_place_that_makes_spans() -> None:
    documented = {re.sub("`", "", row[2]) for row in rows("Spans")}
    assert documented == {
        path.relative_to(path.parents[len(path.parts) - path.parts.index("src") - 2]).as_posix()
        for path in ROOT.glob("*/src/**/*.py")
        if path.name != "tracing.py" and any(_spans(path))
    }


def _spans(path: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text())):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in MAKES_SPANS
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "tracing"
        ):
            yield node


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, object]]:
    """A line as it is written within a request that fails."""
    root, written = logging.getLogger(), io.StringIO()
    before = root.handlers[:], root.level
    monkeypatch.setattr(sys, "stdout", written)
    logs.configure("some-service")
    with (
        structlog.contextvars.bound_contextvars(request_id="r", user_id=7),
        tracing.span("request", parent=tracing.root_context({})),
    ):
        logs.get("some.module").error("it failed", exc_info=ValueError("why"))
    yield json.loads(written.getvalue())
    root.handlers[:], _ = before
    root.setLevel(before[1])
    structlog.reset_defaults()


def test_a_line_has_the_documented_fields_and_no_others(line: dict[str, object]) -> None:
    documented = {name for row in rows("Log fields") for name in re.findall(r"`(\w+)`", row[0])}
    assert line.keys() == documented
