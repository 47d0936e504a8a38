"""What the running service does when it hears of others' events."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from pinstack_proto import topics
from pinstack_proto.auth.v1.auth_pb2_grpc import AuthServiceStub
from pinstack_proto.events.v1.user_events_pb2 import UserCreated, UserDeleted
from service_kit import errors
from service_kit.events import Message, Publisher, cloud_event_headers

from auth_service.config import Settings
from tests.integration import calls


async def test_a_deleted_user_loses_its_sessions_and_its_password(
    stub: AuthServiceStub, settings: Settings
) -> None:
    pair, bystander = [await calls.register(stub, name) for name in ("ivan", "judy")]
    async with calls.watching(stub) as revocations:
        await _announce(
            settings,
            UserCreated(user_id=bystander.user_id),
            UserDeleted(user_id=pair.user_id, username="ivan"),
        )
        async with asyncio.timeout(20):
            event = await anext(revocations)
            while event.revocation.user_id != pair.user_id:
                event = await anext(revocations)
    assert not event.revocation.HasField("session_id")
    assert await calls.sessions(stub, pair.user_id) == []
    with pytest.raises(errors.Unauthenticated):
        await calls.refresh(stub, pair.refresh_token)
    with pytest.raises(errors.Unauthenticated):
        await calls.login(stub, "ivan")
    await calls.refresh(stub, bystander.refresh_token)


async def _announce(settings: Settings, *events: UserCreated | UserDeleted) -> None:
    """Publish events as user-service does."""
    publisher = Publisher(settings.kafka.bootstrap_servers, "test")
    try:
        await publisher.learn(topics.USER_EVENTS)
        for event in events:
            await _publish(publisher, topics.pack(event))
    finally:
        await publisher.close()


async def _publish(publisher: Publisher, event: topics.PackedEvent) -> None:
    key = event.key.encode()
    partition = publisher.partition_of(event.topic, key)
    assert partition is not None
    headers = cloud_event_headers(uuid4(), event.type, "user-service", datetime.now(UTC), {})
    await publisher.publish(event.topic, partition, [Message(key, event.value, headers)])
