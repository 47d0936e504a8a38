"""What the running service announces."""

from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaConsumer
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message as ProtobufMessage
from pinstack_proto import topics
from pinstack_proto.events.v1.user_events_pb2 import UserCreated, UserDeleted, UserUpdated
from pinstack_proto.user.v1 import user_pb2
from pinstack_proto.user.v1.user_pb2_grpc import UserServiceStub


@pytest.fixture(scope="module")
async def published(kafka_bootstrap: str) -> AsyncIterator[AIOKafkaConsumer]:
    """Reads user-events from their beginning."""
    consumer = AIOKafkaConsumer(
        topics.USER_EVENTS,
        bootstrap_servers=kafka_bootstrap,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=20,
    )
    await consumer.start()
    yield consumer
    await consumer.stop()


async def test_the_life_of_a_user_is_published_in_order_under_its_id_without_the_email(
    stub: UserServiceStub, published: AIOKafkaConsumer
) -> None:
    created = await stub.CreateUser(
        user_pb2.CreateUserRequest(
            username="eve_before", email="secret@example.com", full_name="Ann"
        )
    )
    updated = await stub.UpdateUser(
        user_pb2.UpdateUserRequest(id=created.id, username="eve_after", email="new@example.com")
    )
    await stub.UpdateUser(user_pb2.UpdateUserRequest(id=created.id, username="eve_after"))
    await stub.DeleteUser(user_pb2.DeleteUserRequest(id=created.id))
    first, second, third = await events_of(published, created.id, 3)
    assert first == UserCreated(
        user_id=created.id, username="eve_before", full_name="Ann", occurred_at=created.created_at
    )
    assert second == UserUpdated(
        user_id=created.id,
        username="eve_after",
        full_name="Ann",
        occurred_at=updated.updated_at,
        changed=FieldMask(paths=["username", "email"]),
        previous_username="eve_before",
    )
    assert isinstance(third, UserDeleted)
    assert (third.user_id, third.username) == (created.id, "eve_after")


async def events_of(published: AIOKafkaConsumer, user_id: int, count: int) -> list[ProtobufMessage]:
    """The next `count` events under a user's key that are about this test's user."""
    seen: list[ProtobufMessage] = []
    while len(seen) < count:
        record = await published.getone()
        headers = dict(record.headers)
        event = topics.unpack(headers["ce_type"].decode(), record.value)
        if record.key == str(user_id).encode() and b"eve_" in record.value:
            seen.append(event)
    return seen
