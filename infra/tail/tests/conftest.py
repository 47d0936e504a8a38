"""A gateway to talk to."""

from collections.abc import AsyncIterator

import pytest

from tests.fakes import FakeGateway, fake_gateway


@pytest.fixture
async def gateway() -> AsyncIterator[FakeGateway]:
    """A gateway of the test's own."""
    async with fake_gateway() as gateway:
        yield gateway
