"""A running service with a stub onto it, shared by the tests of a file."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest
from pinstack_proto.notification.v1.notification_pb2_grpc import NotificationServiceStub

from tests.integration.replay_world import World, a_world

HEARTBEAT = 0.2
"""Seconds: short, so that a test can wait for one."""


@pytest.fixture(scope="module")
async def world(database_url: str, kafka_bootstrap: str) -> AsyncIterator[World]:
    async with a_world(database_url, kafka_bootstrap) as made:
        changes = {"heartbeat_seconds": HEARTBEAT, "fanout_batch": 3}
        yield replace(made, settings=made.settings.model_copy(update=changes))


@pytest.fixture(scope="module")
async def stub(world: World) -> AsyncIterator[NotificationServiceStub]:
    async with world.running() as connected:
        yield connected


@pytest.fixture(autouse=True)
def _peers_are_there(request: pytest.FixtureRequest) -> Iterator[None]:
    """What a test does to the peers ends with it."""
    yield
    if "world" in request.fixturenames:
        world: World = request.getfixturevalue("world")
        world.users.is_away = world.relations.is_away = False
        world.users.gone.clear()
