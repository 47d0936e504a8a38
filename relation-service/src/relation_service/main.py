"""Composition root of relation-service: the one module that knows every adapter."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime

from pinstack_proto import topics
from pinstack_proto.relation.v1 import relation_pb2, relation_pb2_grpc
from pinstack_proto.user.v1 import user_pb2
from pinstack_proto.user.v1.user_pb2_grpc import UserServiceStub
from service_kit.database import open_database
from service_kit.events import Consumer
from service_kit.grpc_client import open_channel
from service_kit.grpc_server import serve
from service_kit.health import Health, serve_admin
from service_kit.outbox import Relay
from service_kit.runtime import Running, background

from relation_service.adapters.event_consumer import USER_DELETED, UserEvents
from relation_service.adapters.event_records import event_to_record
from relation_service.adapters.grpc_servicer import RelationServicer
from relation_service.adapters.postgres import PostgresFollows, PostgresUnits
from relation_service.adapters.user_client import GrpcUsers
from relation_service.application.use_cases import Relations
from relation_service.config import Settings

NAME = "relation-service"
SERVICE = relation_pb2.DESCRIPTOR.services_by_name["RelationService"].full_name
USERS = user_pb2.DESCRIPTOR.services_by_name["UserService"]


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Running]:
    """The whole service while the block runs; what is entered last ends first."""
    host, url = settings.process.bind_host, settings.database_url.get_secret_value()
    kafka = settings.kafka
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        health = Health(NAME)
        admin = await enter(serve_admin(host, settings.admin_port, health))
        database = await enter(open_database(url, settings.postgres, NAME))
        health.require("postgres", database.ping)
        channel = await enter(open_channel(settings.peers.user_grpc_address, USERS, settings.grpc))
        tasks = await enter(background())
        relay = Relay(
            url,
            kafka.bootstrap_servers,
            NAME,
            partitions=kafka.topic_partitions,
            replication=kafka.topic_replication,
            topic_kept=kafka.topic_kept,
        )
        tasks.start(relay.run(), "outbox relay")
        relations = Relations(
            follows=PostgresFollows(database),
            users=GrpcUsers(UserServiceStub(channel)),
            units=PostgresUnits(database, event_to_record, relay.wake),
            clock=lambda: datetime.now(UTC),
        )
        consumer = Consumer(
            kafka.bootstrap_servers,
            NAME,
            [topics.USER_EVENTS],
            UserEvents(relations).handle,
            types=[USER_DELETED],
            partitions=kafka.topic_partitions,
            replication=kafka.topic_replication,
            kept=kafka.topic_kept,
            prompt=False,
        )
        health.observe("kafka", consumer.check)
        tasks.start(consumer.run(), "event consumer")
        servicer = RelationServicer(relations)
        server = await enter(
            serve(
                (host, settings.grpc_port),
                lambda server: relation_pb2_grpc.add_RelationServiceServicer_to_server(
                    servicer, server
                ),
                [SERVICE],
                settings.grpc,
                settings.process.drain_seconds,
            )
        )
        yield Running(server.port, admin.port, health, tasks)
