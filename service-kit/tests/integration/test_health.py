"""The admin port."""

import asyncio
import socket
from collections.abc import AsyncIterator
from functools import partial

import httpx
import pytest
from service_kit import metrics, probe
from service_kit.health import Health, serve_admin


@pytest.fixture
def health() -> Health:
    return Health("sample")


@pytest.fixture
async def admin(health: Health) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        serve_admin("127.0.0.1", 0, health) as server,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}") as client,
    ):
        yield client


async def _well() -> None:
    pass


async def _broken() -> None:
    raise ConnectionRefusedError


async def test_a_process_is_alive_before_it_is_ready(
    admin: httpx.AsyncClient, health: Health
) -> None:
    assert (await admin.get("/livez")).status_code == 200
    assert (await admin.get("/readyz")).status_code == 503
    health.started()
    assert (await admin.get("/readyz")).status_code == 200


async def test_a_required_dependency_that_is_away_makes_it_unready(
    admin: httpx.AsyncClient, health: Health
) -> None:
    health.started()
    health.require("store", _well)
    health.require("other", _broken)
    answer = await admin.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["dependencies"] == {"store": "ok", "other": "ConnectionRefusedError"}


async def test_an_observed_dependency_that_is_away_is_shown_and_no_more(
    admin: httpx.AsyncClient, health: Health
) -> None:
    health.started()
    health.observe("extra", _broken)
    answer = await admin.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"
    assert answer.json()["dependencies"] == {"extra": "ConnectionRefusedError"}
    assert (await admin.get("/health")).status_code == 503


async def test_an_expected_dependency_is_waited_for_once_and_then_only_observed(
    admin: httpx.AsyncClient, health: Health
) -> None:
    there = False

    async def peer() -> None:
        if not there:
            raise ConnectionRefusedError

    health.started()
    health.expect("peer", peer, seconds=60)
    assert (await admin.get("/readyz")).status_code == 503
    there = True
    assert (await admin.get("/readyz")).status_code == 200
    there = False
    assert (await admin.get("/readyz")).json()["status"] == "degraded"


async def test_an_expected_dependency_that_does_not_come_is_not_waited_for_any_longer(
    admin: httpx.AsyncClient, health: Health
) -> None:
    health.started()
    health.expect("peer", _broken, seconds=0)
    answer = await admin.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")


async def test_a_dependency_that_does_not_answer_does_not_hold_the_answer_up(
    admin: httpx.AsyncClient, health: Health
) -> None:
    health.started()
    health.require("slow", asyncio.Event().wait)
    assert (await admin.get("/readyz")).json()["dependencies"] == {"slow": "timeout"}


async def test_a_process_that_drains_is_alive_and_not_ready(
    admin: httpx.AsyncClient, health: Health
) -> None:
    health.started()
    health.draining = True
    assert (await admin.get("/livez")).status_code == 200
    assert (await admin.get("/readyz")).status_code == 503


async def test_metrics_are_in_the_text_format(admin: httpx.AsyncClient) -> None:
    answer = await admin.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "# HELP pinstack_outbox_unsent" in answer.text
    assert (await admin.get("/nothing")).status_code == 404


async def test_prometheus_gets_exemplars_with_the_trace(admin: httpx.AsyncClient) -> None:
    metrics.LIVE_DELIVERY.labels("test").observe(0.02, {"trace_id": "0af7651916cd43dd8448eb211c8"})
    accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.2"
    answer = await admin.get("/metrics", headers={"accept": accept})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert '# {trace_id="0af7651916cd43dd8448eb211c8"} 0.02' in answer.text
    assert answer.text.endswith("# EOF\n")


async def test_a_container_asks_its_own_admin_port(
    admin: httpx.AsyncClient, health: Health, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = {"SAMPLE_ADMIN_PORT": str(admin.base_url.port), "BIND_HOST": "0.0.0.0"}  # noqa: S104
    ask = partial(asyncio.to_thread, probe.main, ["SAMPLE_ADMIN_PORT"], environment)
    assert await ask() == 1
    health.started()
    assert await ask() == 0
    assert '"status":"ok"' in capsys.readouterr().out


def test_a_container_whose_admin_port_nobody_serves_is_not_healthy(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert probe.main(["P"], {"P": str(port)}) == 1
    assert "refused" in capsys.readouterr().out
