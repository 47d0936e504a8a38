"""An Apache Kafka to stop and start, and topics of each test's own."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from pinstack_local.errors import LocalStackError
from pinstack_local.kafka import KafkaServer
from service_kit.outbox import Relay

from tests.integration.kafka.world import RunRelay, running
from tests.topics import QUICK


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
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    async with asyncpg.create_pool(database_url, min_size=1) as pool:
        await pool.execute("TRUNCATE outbox, inbox")
        yield pool


@pytest.fixture
def topic() -> str:
    return f"events-{uuid4().hex[:8]}"


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
