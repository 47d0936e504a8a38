"""Composition root of post-service: the one module that knows every adapter."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from pinstack_proto import topics
from pinstack_proto.post.v1 import post_pb2, post_pb2_grpc
from service_kit.cache import Cache, open_redis
from service_kit.database import open_database
from service_kit.events import Consumer
from service_kit.grpc_server import serve
from service_kit.health import Health, serve_admin
from service_kit.outbox import Relay
from service_kit.runtime import Running, background

from post_service.adapters.event_consumer import USER_DELETED, UserEvents
from post_service.adapters.event_records import event_to_record
from post_service.adapters.grpc_servicer import PostServicer
from post_service.adapters.postgres.posts import PostgresPosts
from post_service.adapters.postgres.units import PostgresUnits
from post_service.adapters.redis_cache import RedisPosts
from post_service.application.use_cases import Publications
from post_service.config import Settings

NAME = "post-service"
SERVICE = post_pb2.DESCRIPTOR.services_by_name["PostService"].full_name
CACHED_SECONDS: Final = 300.0
"""How long a replica that Redis is away from may serve what another one has changed."""


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
        redis_url, timeout = settings.redis.url.get_secret_value(), settings.redis.timeout_seconds
        redis = await enter(open_redis(redis_url, timeout))
        health.observe("redis", redis.ping)
        cache = Cache(redis, "posts", CACHED_SECONDS, timeout_seconds=timeout)
        stack.push_async_callback(cache.close)
        posts = RedisPosts(PostgresPosts(database), cache)
        units = PostgresUnits(database, event_to_record, relay.wake, posts.forget)
        publications = Publications(posts=posts, units=units)
        consumer = Consumer(
            kafka.bootstrap_servers,
            NAME,
            [topics.USER_EVENTS],
            UserEvents(publications).handle,
            types=[USER_DELETED],
            partitions=kafka.topic_partitions,
            replication=kafka.topic_replication,
            kept=kafka.topic_kept,
        )
        health.observe("kafka", consumer.check)
        tasks.start(consumer.run(), "event consumer")
        servicer = PostServicer(publications)
        server = await enter(
            serve(
                (host, settings.grpc_port),
                lambda server: post_pb2_grpc.add_PostServiceServicer_to_server(servicer, server),
                [SERVICE],
                settings.grpc,
                settings.process.drain_seconds,
            )
        )
        yield Running(server.port, admin.port, health, tasks)
