"""What the running service does when it hears of others' events, and what it publishes itself."""

import json
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaConsumer
from google.protobuf.message import Message
from pinstack_proto import topics
from pinstack_proto.events.v1.notification_events_pb2 import NotificationCreated, NotificationRead
from pinstack_proto.events.v1.post_events_pb2 import PostCreated
from pinstack_proto.events.v1.relation_events_pb2 import FollowCreated
from pinstack_proto.notification.v1 import notification_pb2 as pb
from pinstack_proto.notification.v1.notification_pb2_grpc import NotificationServiceStub
from service_kit.testing import eventually

from tests.integration.replay_world import SLOW, World


async def _feed(stub: NotificationServiceStub, user_id: int) -> list[pb.NotificationResponse]:
    request = pb.GetUserNotificationFeedRequest(user_id=user_id, limit=100)
    return list((await stub.GetUserNotificationFeed(request)).notifications)


@pytest.fixture(scope="module")
async def published(kafka_bootstrap: str) -> AsyncIterator[AIOKafkaConsumer]:
    """Reads notification-events from their beginning."""
    consumer = AIOKafkaConsumer(
        topics.NOTIFICATION_EVENTS,
        bootstrap_servers=kafka_bootstrap,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=20,
    )
    await consumer.start()
    yield consumer
    await consumer.stop()


async def test_a_followee_is_told_who_follows_until_that_ends(
    stub: NotificationServiceStub, world: World
) -> None:
    await world.follows(11, 10)
    (one,) = await _feed(stub, 10)
    assert one.type == "follow_created"
    assert not one.HasField("actor_id")
    payload = json.loads(one.payload)
    assert set(payload) == {"follower_id", "follower_username", "followee_id", "timestamptz"}
    assert (payload["follower_id"], payload["follower_username"]) == (11, "user11")
    await world.unfollows(11, 10)
    assert await _feed(stub, 10) == []
    missed = await stub.ListSince(pb.ListSinceRequest(user_id=10))
    assert [(item.seq, item.withdrawn) for item in missed.notifications] == [(1, True)]


async def test_while_user_service_is_away_no_follow_is_lost(
    stub: NotificationServiceStub, world: World
) -> None:
    world.users.is_away = True
    before = world.users.asked
    await world.happens(FollowCreated(follower_id=21, followee_id=20))
    await eventually(lambda: world.users.asked > before, SLOW)
    assert await _feed(stub, 20) == []
    world.users.is_away = False
    await world.until("SELECT last_seq = 1 FROM inboxes WHERE user_id = 20")
    assert len(await _feed(stub, 20)) == 1


async def test_every_follower_is_told_of_a_post_until_it_is_gone(
    stub: NotificationServiceStub, world: World
) -> None:
    followers = list(range(31, 39))
    world.relations.followers[30] = followers
    await world.posts(300, 30, "Ahoj \N{SNOWMAN}")
    for follower in followers:
        (one,) = await _feed(stub, follower)
        payload = json.loads(one.payload)
        assert one.type == "post_created"
        assert (payload["post_id"], payload["author_id"]) == (300, 30)
        assert (payload["author_username"], payload["title"]) == ("user30", "Ahoj \N{SNOWMAN}")
        assert payload["timestamptz"].endswith("Z")
    await world.deletes_post(300, 30)
    for follower in followers:
        assert await _feed(stub, follower) == []
        state = await stub.GetInboxState(pb.GetInboxStateRequest(user_id=follower))
        assert (state.last_seq, state.unread) == (1, 0)


async def test_while_relation_service_is_away_a_post_waits(
    stub: NotificationServiceStub, world: World
) -> None:
    world.relations.followers[40] = [41]
    world.relations.is_away = True
    await world.happens(PostCreated(post_id=400, author_id=40, title="later"))
    await world.until("SELECT failures > 0 FROM fanout_jobs WHERE post_id = 400")
    world.relations.is_away = False
    await world.until("SELECT stage = 'done' FROM fanout_jobs WHERE post_id = 400")
    assert len(await _feed(stub, 41)) == 1


async def test_the_inbox_of_an_account_that_is_gone_is_empty_for_good(
    stub: NotificationServiceStub, world: World
) -> None:
    await world.follows(51, 50)
    await world.leaves(50)
    await world.happens(FollowCreated(follower_id=52, followee_id=50))
    await world.follows(52, 53)  # the event after it on some other inbox
    assert await _feed(stub, 50) == []
    assert await world.ask("SELECT FROM notifications WHERE user_id = 50") == []


async def test_what_is_told_and_read_is_published(
    stub: NotificationServiceStub, world: World, published: AIOKafkaConsumer
) -> None:
    await world.follows(61, 60)
    (one,) = await _feed(stub, 60)
    await stub.ReadNotification(pb.ReadNotificationRequest(notification_id=one.id, caller_id=60))
    seen: list[Message] = []

    async def both_came() -> bool:
        for records in (await published.getmany(timeout_ms=100)).values():
            for record in records:
                if record.key == b"60":
                    headers = dict(record.headers)
                    seen.append(topics.unpack(headers["ce_type"].decode(), record.value))
        return len(seen) == 2

    await eventually(both_came, SLOW)
    created, read = seen
    assert isinstance(created, NotificationCreated)
    assert isinstance(read, NotificationRead)
    assert (created.notification_id, created.type, created.seq) == (one.id, "follow_created", 1)
    assert list(read.notification_ids) == [one.id]
