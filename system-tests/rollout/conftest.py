"""A platform with two replicas of each service, and a real Kafka, which their consumers share."""

from collections.abc import AsyncIterator, Iterator

import pytest
from journeys.people import Platform
from pinstack_local import kafka_jars
from pinstack_local.catalogue import SERVICES
from pinstack_local.errors import MissingTool
from pinstack_local.settings import StackSettings
from pinstack_local.stack import Stack


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Two of each behind one gateway."""
    try:
        kafka_jars.require()
    except MissingTool as missing:
        pytest.skip(f"replicas of a consumer need a real Kafka: {missing}")
    settings = StackSettings(
        data_dir=tmp_path_factory.mktemp("platform"),
        broker="kafka",
        replicas={spec.name: 2 for spec in SERVICES if spec.database},
        environment={"RATE_LIMIT_ENABLED": "false"},
        start_timeout=180,
        durable=False,
    )
    with Stack(settings) as stack:
        yield stack


@pytest.fixture(scope="module")
async def platform(stack: Stack) -> AsyncIterator[Platform]:
    """The platform as its users see it."""
    async with Platform.at(stack.gateway_urls) as platform:
        yield platform
