"""A platform with everything switched on: spans go to a collector, Prometheus scrapes."""

import shutil
from collections.abc import AsyncIterator, Iterator

import pytest
from journeys.people import Platform
from pinstack_local.settings import StackSettings
from pinstack_local.stack import Stack

from monitoring.collector import Collector, collecting
from monitoring.life import Life
from monitoring.watch import Prometheus

TELEMETRY = {
    "OTEL_TRACES_SAMPLER_ARG": "1.0",
    "OTEL_BSP_SCHEDULE_DELAY": "200",  # milliseconds until spans are sent
    "RATE_LIMIT_ENABLED": "false",
}


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    """Where the spans of all processes arrive."""
    with collecting() as running:
        yield running


@pytest.fixture(scope="session")
def stack(collector: Collector, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The platform, with Prometheus and Alertmanager where they are installed."""
    endpoint = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.port}"}
    settings = StackSettings(
        data_dir=tmp_path_factory.mktemp("platform"),
        environment={**TELEMETRY, **endpoint},
        monitoring=_is_installed(),
        start_timeout=120,
    )
    with Stack(settings) as running:
        yield running


def _is_installed() -> bool:
    names = ("prometheus-alertmanager", "alertmanager")
    return bool(shutil.which("prometheus") and any(map(shutil.which, names)))


@pytest.fixture(scope="module")
async def life(stack: Stack) -> AsyncIterator[Life]:
    """People on that platform."""
    async with Platform.at(stack.gateway_urls) as platform:
        yield Life(platform)


@pytest.fixture(scope="module")
async def prometheus(stack: Stack) -> AsyncIterator[Prometheus]:
    """Prometheus, which scrapes that platform."""
    if not stack.monitoring:
        pytest.skip("prometheus and alertmanager are not installed (.ci/install_tools)")
    client = Prometheus({server.name: server.url for server in stack.monitoring}["prometheus"])
    yield client
    await client.close()
