"""The platform under test: one of its own, or one that runs already."""

import os
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import pytest
from pinstack_local.settings import StackSettings, broker_kind
from pinstack_local.stack import Stack

from journeys.collector import Collector, collecting
from journeys.machine import Machine
from journeys.people import Platform
from journeys.vault import Vault

RUNNING_GATEWAY = "PINSTACK_TEST_GATEWAY_URL"


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", "faults: kills, freezes or restarts parts of the platform")


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    """Where the platform sends its traces."""
    with collecting() as collector:
        yield collector


@pytest.fixture(scope="session")
def own_stack(
    tmp_path_factory: pytest.TempPathFactory, collector: Collector
) -> Iterator[Stack | None]:
    """A platform in a temporary folder, on free ports; None where one runs already."""
    if os.environ.get(RUNNING_GATEWAY):
        yield None
        return
    with Stack(_settings(tmp_path_factory.mktemp("platform"), collector)) as stack:
        yield stack


def _settings(folder: Path, collector: Collector) -> StackSettings:
    """Two replicas here and there, mutual TLS between services, and traces of everything."""
    replicas = {"api-gateway": 2, "user-service": 2}
    environment = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.endpoint,
        "POST_MEDIA_MAX_CONCURRENT_UPLOADS": "100",
        "POST_MEDIA_SHARE": "1",
    }
    return stack_settings(folder, replicas, environment, grpc_tls=True)


def stack_settings(
    folder: Path,
    replicas: Mapping[str, int],
    environment: Mapping[str, str] = MappingProxyType({}),
    *,
    grpc_tls: bool = False,
) -> StackSettings:
    """A platform for tests: the broker that the environment asks for, no rate limits."""
    return StackSettings(
        data_dir=folder,
        broker=broker_kind({"BROKER": os.environ.get("PINSTACK_TEST_BROKER", "")}),
        replicas=replicas,
        environment={"RATE_LIMIT_ENABLED": "false", **environment},
        grpc_tls=grpc_tls,
        start_timeout=120,
    )


@pytest.fixture(scope="module")
async def platform(own_stack: Stack | None) -> AsyncIterator[Platform]:
    """The platform as its users see it."""
    running = os.environ.get(RUNNING_GATEWAY, "").rstrip("/")
    gateways = [running] if own_stack is None else own_stack.gateway_urls
    async with Platform.at(gateways) as platform:
        yield platform


@pytest.fixture(scope="session")
def stack(own_stack: Stack | None) -> Stack:
    """The platform from inside."""
    if own_stack is None:
        pytest.skip(f"{RUNNING_GATEWAY} names a platform that is only seen from outside")
    return own_stack


@pytest.fixture(scope="session")
def vault(stack: Stack) -> Vault:
    """Its databases and keys."""
    return Vault(stack)


@pytest.fixture
async def machine(own_stack: Stack | None, platform: Platform) -> AsyncIterator[Machine]:
    """The processes of the platform; after a fault it must heal by itself."""
    if own_stack is None:
        pytest.skip(f"{RUNNING_GATEWAY} names a platform whose processes are not ours to end")
    machine = Machine(own_stack, platform)
    yield machine
    await machine.heal()
