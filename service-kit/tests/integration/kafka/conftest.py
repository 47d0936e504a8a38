"""An Apache Kafka to stop and start, and relays with it."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pinstack_local.errors import LocalStackError
from pinstack_local.kafka import KafkaServer
from service_kit.outbox import Relay

from tests.integration.kafka.world import RunRelay
from tests.topics import QUICK, running


@pytest.fixture(scope="package")
def kafka() -> Iterator[KafkaServer]:
    """An Apache Kafka of our own, to stop and start."""
    with tempfile.TemporaryDirectory(prefix="pinstack-test-") as folder:
        server = KafkaServer(Path(folder))
        try:
            server.start()
        except LocalStackError as reason:
            pytest.skip(f"no Apache Kafka here: {reason}")
        yield server
        server.stop()


@pytest.fixture
def run_relay(database_url: str, kafka: KafkaServer) -> RunRelay:
    @asynccontextmanager
    async def run() -> AsyncIterator[Relay]:
        relay = Relay(
            database_url, kafka.bootstrap_servers, "test", poll_seconds=0.05, delays=QUICK
        )
        async with running(relay.run):
            yield relay

    return run
