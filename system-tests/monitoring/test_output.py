"""What processes say: JSON, one object a line, found by its request, and never a secret."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
from pinstack_local.stack import Stack
from service_kit.testing import eventually

from monitoring.collector import Collector
from monitoring.life import Life

ALWAYS: Final = {"timestamp", "level", "service", "logger", "message"}


def own_logs(stack: Stack) -> Iterator[tuple[str, Path]]:
    """The platform's own processes, with their logs."""
    for service in stack.services:
        yield service.instance.spec.name, service.log_path


def lines(stack: Stack) -> Iterator[dict[str, Any]]:
    """What they have written; a line that is no JSON object fails here."""
    for name, path in own_logs(stack):
        for text in path.read_text().splitlines():
            line = json.loads(text)
            assert isinstance(line, dict), text
            assert line.keys() >= ALWAYS, text
            assert line["service"] == name, text
            yield line


async def test_every_line_is_an_object_with_the_fields_that_pipelines_rely_on(
    stack: Stack, life: Life
) -> None:
    await life.day()
    assert {line["message"] for line in lines(stack)} >= {"started", "outbox relay leads"}


async def test_a_request_that_fails_is_found_by_its_id_and_leads_to_its_trace(
    stack: Stack, life: Life
) -> None:
    person = await life.person("unlucky")
    relations = stack.component("relation-service")
    for process in relations.processes:
        process.kill()
    fields = {"x-request-id": "the-unlucky-one"}
    answer = await person.client.call("GET", f"/relation/{person.id}/followers", headers=fields)
    assert answer.status == 503
    relations.launch()
    stack.wait_ready("relation-service")
    await eventually(life.platform.works, 30, "the platform works again")
    trace_id = answer.headers["traceparent"].split("-")[1]
    (line,) = [one for one in lines(stack) if one.get("request_id") == "the-unlucky-one"]
    assert (line["message"], line["trace_id"]) == ("request failed", trace_id)
    assert (line["service"], line["user_id"]) == ("api-gateway", person.id)


async def test_no_log_no_metric_and_no_span_contains_a_secret(
    stack: Stack, life: Life, collector: Collector
) -> None:
    await life.day()
    said = {path.name: path.read_text(errors="replace") for path in stack.logs.glob("*.log")}
    accept = {"accept": "application/openmetrics-text;version=1.0.0"}
    async with httpx.AsyncClient() as http:
        for service in stack.services:
            answer = await http.get(f"{service.instance.admin_url}/metrics", headers=accept)
            assert "pinstack_" in answer.text
            said[f"/metrics of {service.name}"] = answer.text
    said["spans"] = "\n".join(span.text for span in collector.spans())
    assert len(life.secrets) > 20
    assert len(said["spans"]) > 10_000
    found = {place for place, text in said.items() for one in life.secrets if one in text}
    assert not found
    assert "@example.com" not in "".join(said.values()), "somebody else's address"
