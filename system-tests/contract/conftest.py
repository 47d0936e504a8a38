"""The platform under test, started for these tests; what they end is theirs to end."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from journeys.client import PATIENCE_SECONDS
from journeys.conformance import Conformance, load
from journeys.people import Platform
from pinstack_local.settings import StackSettings
from pinstack_local.stack import Stack

from contract.tokens import ShortLived, short_lived


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A platform in a temporary folder, on free ports, without rate limits."""
    settings = StackSettings(
        data_dir=tmp_path_factory.mktemp("platform"),
        environment={"RATE_LIMIT_ENABLED": "false"},
        durable=False,
        start_timeout=120,
    )
    with Stack(settings) as stack:
        yield stack


@pytest.fixture(scope="session", autouse=True)
def expiring(stack: Stack) -> ShortLived:
    """A token that is asked for first, as it has to expire before it is of use."""
    return short_lived(stack)


@pytest.fixture(scope="session")
def conformance() -> Conformance:
    """What the document promises."""
    return Conformance(load())


@pytest.fixture(scope="module")
async def platform(stack: Stack, conformance: Conformance) -> AsyncIterator[Platform]:
    """The platform as its users see it; every answer is held against the document."""
    async with httpx.AsyncClient(
        base_url=stack.gateway_url,
        timeout=PATIENCE_SECONDS,
        event_hooks={"response": [conformance.check]},
    ) as connection:
        yield Platform([stack.gateway_url], [connection])
