"""Real Prometheus scrapes the running platform: every panel and every alert has its data."""

import asyncio
import os
import time
from argparse import Namespace
from typing import Final

import pytest
from pinstack_local.commands import monitoring as check
from pinstack_local.stack import Stack
from service_kit.testing import eventually

from monitoring.asked import Asked, alerts, panels
from monitoring.collector import Collector
from monitoring.life import Life
from monitoring.watch import Prometheus

PATIENCE_SECONDS: Final = 75
AT_ONCE: Final = 8


async def without_data(prometheus: Prometheus, queries: list[Asked]) -> list[Asked]:
    """Those that show nothing."""
    few = asyncio.Semaphore(AT_ONCE)

    async def shows(one: Asked) -> bool:
        async with few:
            return await prometheus.has_data(one.expression)

    found = await asyncio.gather(*map(shows, queries))
    return [one for one, has_data in zip(queries, found, strict=True) if not has_data]


@pytest.mark.timeout(180)
async def test_every_panel_and_every_alert_has_data_under_load(
    prometheus: Prometheus, life: Life
) -> None:
    queries = [*panels(), *alerts()]
    assert len(queries) > 150
    missing = queries
    deadline = time.monotonic() + PATIENCE_SECONDS
    while missing and time.monotonic() < deadline:
        await life.day()
        missing = await without_data(prometheus, missing)
    assert not [f"{one.by}: {one.expression}" for one in missing]


async def test_a_query_that_finds_nothing_is_noticed(prometheus: Prometheus) -> None:
    nothing = [Asked("nobody", 'pinstack_http_requests_total{status="799"}')]
    assert await without_data(prometheus, nothing) == nothing


async def test_exemplars_lead_to_traces_that_were_exported(
    prometheus: Prometheus, collector: Collector, life: Life
) -> None:
    await life.day()

    async def led_to_spans() -> bool:
        exported = {span.trace_id for span in collector.spans()}
        found = [
            await prometheus.exemplars(f"{name}_bucket")
            for name in (
                "pinstack_http_request_duration_seconds",
                "pinstack_grpc_server_request_duration_seconds",
                "pinstack_db_query_duration_seconds",
                "pinstack_live_delivery_seconds",
            )
        ]
        return all(one & exported for one in found)

    await eventually(led_to_spans, 30, "every kind of histogram has an exemplar")


async def test_the_check_of_monitoring_finds_every_part_well(
    prometheus: Prometheus, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    for server in stack.monitoring:
        monkeypatch.setenv(f"{server.name.upper()}_URL", server.url)

    async def is_well() -> bool:
        return await asyncio.to_thread(check.run, Namespace()) == 0

    assert os.environ["PROMETHEUS_URL"]
    await eventually(is_well, 30, "all targets are up and rules loaded")
