"""One gateway for all tests of a file; each test speaks for a user of its own."""

from collections.abc import AsyncIterator

import pytest

from tests.live.gateway import LiveGateway, live_gateway


@pytest.fixture(scope="module")
async def gateway() -> AsyncIterator[LiveGateway]:
    async with live_gateway() as gateway:
        yield gateway
