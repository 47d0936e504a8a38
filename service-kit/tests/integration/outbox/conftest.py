"""Relays with the embedded broker, or with another one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from service_kit.outbox import Relay

from tests.integration.outbox.world import RunRelay
from tests.topics import running


@pytest.fixture
def run_relay(database_url: str, kafka_bootstrap: str) -> RunRelay:
    @asynccontextmanager
    async def run(bootstrap: str = kafka_bootstrap, **options: object) -> AsyncIterator[Relay]:
        relay = Relay(database_url, bootstrap, "test", **options)  # type: ignore[arg-type] # as given
        async with running(relay.run):
            yield relay

    return run
