"""Composition root of user-service: the one module that knows every adapter."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from pinstack_proto.user.v1 import user_pb2, user_pb2_grpc
from service_kit.cache import Cache, open_redis
from service_kit.changes import PRUNE_SECONDS, ChangeLog
from service_kit.database import open_database
from service_kit.grpc_server import serve
from service_kit.health import Health, serve_admin
from service_kit.outbox import Relay
from service_kit.periodic import every
from service_kit.runtime import Running, background

from user_service.adapters.event_records import event_to_record
from user_service.adapters.grpc_servicer import UserServicer
from user_service.adapters.postgres import PostgresUnits, PostgresUsers
from user_service.adapters.redis_cache import RedisUsers
from user_service.application.use_cases import Profiles
from user_service.config import Settings

NAME = "user-service"
SERVICE = user_pb2.DESCRIPTOR.services_by_name["UserService"].full_name
CACHED_SECONDS: Final = 300.0
"""How long a replica that Redis is away from may serve what another one has changed."""


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Running]:
    """The whole service while the block runs; what is entered last ends first."""
    host, url = settings.process.bind_host, settings.database_url.get_secret_value()
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        health = Health(NAME)
        admin = await enter(serve_admin(host, settings.admin_port, health))
        database = await enter(open_database(url, settings.postgres, NAME))
        health.require("postgres", database.ping)
        tasks = await enter(background())
        relay = Relay(
            url,
            settings.kafka.bootstrap_servers,
            NAME,
            partitions=settings.kafka.topic_partitions,
            replication=settings.kafka.topic_replication,
            topic_kept=settings.kafka.topic_kept,
        )
        tasks.start(relay.run(), "outbox relay")
        redis_url, timeout = settings.redis.url.get_secret_value(), settings.redis.timeout_seconds
        redis = await enter(open_redis(redis_url, timeout))
        health.observe("redis", redis.ping)
        cache = Cache(redis, "users", CACHED_SECONDS, timeout_seconds=timeout)
        stack.push_async_callback(cache.close)
        users = RedisUsers(PostgresUsers(database), cache)
        units = PostgresUnits(database, event_to_record, relay.wake, users.changing)
        changes = ChangeLog(database)
        tasks.start(every(PRUNE_SECONDS, changes.prune, "changes"), "changes")
        servicer = UserServicer(Profiles(users=users, units=units), changes)
        server = await enter(
            serve(
                (host, settings.grpc_port),
                lambda server: user_pb2_grpc.add_UserServiceServicer_to_server(servicer, server),
                [SERVICE],
                settings.grpc,
                settings.process.drain_seconds,
            )
        )
        yield Running(server.port, admin.port, health, tasks)
