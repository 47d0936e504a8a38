"""What the running service announces, and what it does when it hears of others' events."""

from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaConsumer
from google.protobuf.message import Message as ProtobufMessage
from pinstack_proto import topics
from pinstack_proto.events.v1.post_events_pb2 import PostCreated, PostDeleted, PostUpdated
from pinstack_proto.events.v1.user_events_pb2 import UserCreated, UserDeleted
from pinstack_proto.post.v1 import post_pb2
from pinstack_proto.post.v1.post_pb2_grpc import PostServiceStub
from service_kit import errors
from service_kit.config import PostgresSettings
from service_kit.database import open_database
from service_kit.outbox import OutboxRecord, append
from service_kit.testing import eventually


@pytest.fixture(scope="module")
async def published(kafka_bootstrap: str) -> AsyncIterator[AIOKafkaConsumer]:
    """Reads post-events from their beginning."""
    consumer = AIOKafkaConsumer(
        topics.POST_EVENTS,
        bootstrap_servers=kafka_bootstrap,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=20,
    )
    await consumer.start()
    yield consumer
    await consumer.stop()


async def events_of(
    published: AIOKafkaConsumer, author_id: int, count: int
) -> list[ProtobufMessage]:
    """The next `count` events under an author's key."""
    seen: list[ProtobufMessage] = []
    while len(seen) < count:
        record = await published.getone()
        if record.key == str(author_id).encode():
            headers = dict(record.headers)
            seen.append(topics.unpack(headers["ce_type"].decode(), record.value))
    return seen


async def create(stub: PostServiceStub, author_id: int) -> post_pb2.Post:
    return await stub.CreatePost(post_pb2.CreatePostRequest(author_id=author_id, title="News"))


async def announce(database_url: str, *events: topics.Event) -> None:
    """Publish events through the outbox of the service under test; its relay takes them all."""
    packed = [topics.pack(event) for event in events]
    records = [OutboxRecord(one.topic, one.key, one.type, one.value) for one in packed]
    async with (
        open_database(database_url, PostgresSettings(), "test") as database,
        database.transaction() as connection,
    ):
        await append(connection, records)


async def test_the_life_of_a_post_is_published_in_order_under_its_authors_key(
    stub: PostServiceStub, published: AIOKafkaConsumer
) -> None:
    made = await create(stub, author_id=5001)
    updated = await stub.UpdatePost(
        post_pb2.UpdatePostRequest(id=made.id, user_id=5001, title="Old news")
    )
    await stub.DeletePost(post_pb2.DeletePostRequest(id=made.id, user_id=5001))
    first, second, third = await events_of(published, 5001, 3)
    assert first == PostCreated(
        post_id=made.id, author_id=5001, title="News", occurred_at=made.created_at
    )
    assert second == PostUpdated(
        post_id=made.id, author_id=5001, title="Old news", occurred_at=updated.updated_at
    )
    assert isinstance(third, PostDeleted)
    assert (third.post_id, third.author_id) == (made.id, 5001)


async def test_a_deleted_user_loses_every_post_and_an_event_of_another_kind_changes_nothing(
    stub: PostServiceStub, published: AIOKafkaConsumer, database_url: str
) -> None:
    mine = [await create(stub, author_id=5002) for _ in range(3)]
    other = await create(stub, author_id=5003)
    for post in mine:
        assert await stub.GetPost(post_pb2.GetPostRequest(id=post.id)) == post
    gone = UserDeleted(user_id=5002)
    await announce(database_url, UserCreated(user_id=5003), gone, gone)

    async def nothing_is_left() -> bool:
        return not (await stub.ListPosts(post_pb2.ListPostsRequest(author_id=5002))).posts

    await eventually(nothing_is_left, deadline_seconds=20)
    events = await events_of(published, 5002, 6)
    deleted = [event.post_id for event in events if isinstance(event, PostDeleted)]
    assert sorted(deleted) == [post.id for post in mine]
    ids = [*(post.id for post in mine), other.id]
    assert list((await stub.BatchGetPosts(post_pb2.BatchGetPostsRequest(ids=ids))).posts) == [other]
    with pytest.raises(errors.Unauthenticated, match="unauthenticated"):
        await create(stub, author_id=5002)
