"""A running notification-service with a Kafka of its own, and peers that a test can change."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg
from google.protobuf.timestamp_pb2 import Timestamp
from pinstack_proto import topics
from pinstack_proto.events.v1.post_events_pb2 import PostCreated, PostDeleted
from pinstack_proto.events.v1.relation_events_pb2 import FollowCreated, FollowDeleted
from pinstack_proto.events.v1.user_events_pb2 import UserDeleted
from pinstack_proto.notification.v1 import notification_pb2 as pb
from pinstack_proto.notification.v1.notification_pb2_grpc import NotificationServiceStub
from pinstack_proto.relation.v1 import relation_pb2, relation_pb2_grpc
from pinstack_proto.user.v1 import user_pb2, user_pb2_grpc
from pydantic import SecretStr
from service_kit import grpc_client, grpc_server
from service_kit.config import GrpcSettings, KafkaSettings
from service_kit.errors import Unavailable
from service_kit.events import Message, Publisher, cloud_event_headers
from service_kit.grpc_server import Context
from service_kit.testing import eventually
from service_kit.uuid7 import uuid7

from notification_service.config import PeerSettings, Settings
from notification_service.main import SERVICE, running

NOTIFICATIONS = pb.DESCRIPTOR.services_by_name[SERVICE.rpartition(".")[2]]
SLOW = 30.0

NONE_UNREAD = """
SELECT bool_and(read_at IS NOT NULL OR withdrawn_at IS NOT NULL)
FROM notifications WHERE subject = $1
"""


class Users(user_pb2_grpc.UserServiceServicer):
    """user-service: everybody but the gone exists, under a name that can change."""

    suffix = ""
    is_away = False

    def __init__(self) -> None:
        self.gone: set[int] = set()
        self.asked = 0

    async def BatchGetUsers(
        self, request: user_pb2.BatchGetUsersRequest, context: Context
    ) -> user_pb2.BatchGetUsersResponse:
        self.asked += 1
        if self.is_away:
            raise Unavailable
        there = [key for key in request.ids if key not in self.gone]
        found = [user_pb2.User(id=key, username=f"user{key}{self.suffix}") for key in there]
        return user_pb2.BatchGetUsersResponse(users=found)


class Relations(relation_pb2_grpc.RelationServiceServicer):
    """relation-service: who follows whom right now."""

    is_away = False

    def __init__(self) -> None:
        self.followers: dict[int, list[int]] = {}

    async def BatchGetFollowerIds(
        self, request: relation_pb2.BatchGetFollowerIdsRequest, context: Context
    ) -> relation_pb2.BatchGetFollowerIdsResponse:
        if self.is_away:
            raise Unavailable
        answer = relation_pb2.BatchGetFollowerIdsResponse()
        for one in request.followees:
            followers = sorted(self.followers.get(one.followee_id, []))
            rest = [follower_id for follower_id in followers if follower_id > one.after_id]
            some = rest[: request.limit]
            answer.followers.add(follower_ids=some, is_last=len(some) == len(rest))
        return answer


@dataclass(slots=True)
class World:
    """What the service has around it; `stub` calls it while it runs."""

    database_url: str
    bootstrap: str
    users: Users
    relations: Relations
    publisher: Publisher
    settings: Settings

    @asynccontextmanager
    async def running(self) -> AsyncIterator[NotificationServiceStub]:
        """The service, until the block ends."""
        async with running(self.settings) as service, AsyncExitStack() as stack:
            address = f"127.0.0.1:{service.port}"
            channel = await stack.enter_async_context(
                grpc_client.open_channel(address, NOTIFICATIONS, GrpcSettings())
            )
            yield NotificationServiceStub(channel)

    async def happens(self, *events: topics.Event) -> None:
        """Let events of other services arrive, one after the other."""
        for event in events:
            event.occurred_at.CopyFrom(now())
            packed = topics.pack(event)
            headers = cloud_event_headers(uuid7(), packed.type, "test", datetime.now(UTC), {})
            await self.publisher.learn(packed.topic)
            partition = self.publisher.partition_of(packed.topic, packed.key.encode())
            assert partition is not None
            message = Message(packed.key.encode(), packed.value, headers)
            await self.publisher.publish(packed.topic, partition, [message])

    async def follows(self, follower_id: int, followee_id: int) -> None:
        """Somebody follows somebody, who is told of it."""
        self.relations.followers.setdefault(followee_id, []).append(follower_id)
        before = await self.last_seq(followee_id)
        await self.happens(FollowCreated(follower_id=follower_id, followee_id=followee_id))
        told = "SELECT last_seq > $2 FROM inboxes WHERE user_id = $1"
        await self.until(told, followee_id, before)

    async def unfollows(self, follower_id: int, followee_id: int) -> None:
        """Somebody no longer follows somebody, and what was told unread of it is gone."""
        self.relations.followers[followee_id].remove(follower_id)
        await self.happens(FollowDeleted(follower_id=follower_id, followee_id=followee_id))
        await self.until(NONE_UNREAD, f"follow:{follower_id}:{followee_id}")

    async def posts(self, post_id: int, author_id: int, title: str) -> None:
        """Somebody posts, and every follower is told."""
        await self.happens(PostCreated(post_id=post_id, author_id=author_id, title=title))
        await self.until("SELECT stage = 'done' FROM fanout_jobs WHERE post_id = $1", post_id)

    async def deletes_post(self, post_id: int, author_id: int) -> None:
        """The post is gone, and so is what was told unread of it."""
        await self.happens(PostDeleted(post_id=post_id, author_id=author_id))
        await self.until(NONE_UNREAD, f"post:{post_id}")

    async def leaves(self, user_id: int) -> None:
        """An account is gone, and its inbox closed and emptied."""
        await self.happens(UserDeleted(user_id=user_id, username=f"user{user_id}"))
        await self.until("SELECT is_emptied FROM inboxes WHERE user_id = $1", user_id)

    async def last_seq(self, user_id: int) -> int:
        """The newest place in an inbox."""
        rows = await self.ask("SELECT last_seq FROM inboxes WHERE user_id = $1", user_id)
        return int(rows[0][0]) if rows else 0

    async def until(self, condition: str, *values: object) -> None:
        """Wait until a query's rows are all true, and there are some."""

        async def holds() -> bool:
            rows = await self.ask(condition, *values)
            return bool(rows) and all(row[0] for row in rows)

        await eventually(holds, SLOW, condition)

    async def ask(self, query: str, *values: object) -> Sequence[asyncpg.Record]:
        """The rows of a query."""
        connection = await asyncpg.connect(self.database_url)
        try:
            return list(await connection.fetch(query, *values))
        finally:
            await connection.close()


@asynccontextmanager
async def a_world(database_url: str, bootstrap: str) -> AsyncIterator[World]:
    """Peers and a publisher around a service that is not started yet."""
    users = Users()  # type: ignore[abstract]  # only what this service calls
    relations = Relations()  # type: ignore[abstract]  # only what this service calls
    publisher = Publisher(bootstrap, "test")
    async with AsyncExitStack() as stack:
        stack.push_async_callback(publisher.close)
        user_port = await stack.enter_async_context(_serving_users(users))
        relation_port = await stack.enter_async_context(_serving_relations(relations))
        peers = PeerSettings(
            user_grpc_address=f"127.0.0.1:{user_port}",
            relation_grpc_address=f"127.0.0.1:{relation_port}",
        )
        settings = Settings(
            grpc_port=0,
            admin_port=0,
            database_url=SecretStr(database_url),
            kafka=KafkaSettings(bootstrap_servers=bootstrap),
            peers=peers,
        )
        yield World(database_url, bootstrap, users, relations, publisher, settings)


@asynccontextmanager
async def _serving_users(users: Users) -> AsyncIterator[int]:
    async with grpc_server.serve(
        ("127.0.0.1", 0),
        lambda server: user_pb2_grpc.add_UserServiceServicer_to_server(users, server),
        ["user.v1.UserService"],
        GrpcSettings(),
        0,
    ) as server:
        yield server.port


@asynccontextmanager
async def _serving_relations(relations: Relations) -> AsyncIterator[int]:
    async with grpc_server.serve(
        ("127.0.0.1", 0),
        lambda server: relation_pb2_grpc.add_RelationServiceServicer_to_server(relations, server),
        ["relation.v1.RelationService"],
        GrpcSettings(),
        0,
    ) as server:
        yield server.port


def now() -> Timestamp:
    """This moment."""
    stamp = Timestamp()
    stamp.GetCurrentTime()
    return stamp
