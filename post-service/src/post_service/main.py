"""Composition root of post-service: the one module that knows every adapter."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

import grpc
from pinstack_proto import topics
from pinstack_proto.post.v1 import media_pb2, media_pb2_grpc, post_pb2, post_pb2_grpc
from service_kit.changes import PRUNE_SECONDS, ChangeLog
from service_kit.database import open_database
from service_kit.events import Consumer
from service_kit.grpc_server import serve
from service_kit.health import Health, serve_admin
from service_kit.outbox import Relay
from service_kit.periodic import every
from service_kit.runtime import Background, Running, background
from service_kit.work_budget import WorkBudget

from post_service.adapters.event_consumer import TYPES, HeardEvents
from post_service.adapters.event_records import event_to_record
from post_service.adapters.file_types import media_type_of
from post_service.adapters.grpc_media import MediaServicer
from post_service.adapters.grpc_servicer import PostServicer
from post_service.adapters.media_worker.processes import Bounds, WorkerProcesses
from post_service.adapters.object_store import ObjectStoreObjects
from post_service.adapters.postgres.posts import PostgresPosts
from post_service.adapters.postgres.resumable import PostgresResumables
from post_service.adapters.postgres.units import PostgresUnits
from post_service.adapters.postgres.uploads import PostgresUploads
from post_service.application.media import MediaLibrary, Places
from post_service.application.processing import Processing, Sweeping, Workers
from post_service.application.resumable import ResumableUploads
from post_service.application.use_cases import Publications
from post_service.config import MediaSettings, Settings
from post_service.domain.receipt import SizeLimits

NAME = "post-service"
SERVICE = post_pb2.DESCRIPTOR.services_by_name["PostService"].full_name
MEDIA_SERVICE = media_pb2.DESCRIPTOR.services_by_name["MediaService"].full_name

_SWEEP_SECONDS: Final = 60.0
_BREATHER_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True)
class Media:
    """What takes uploads in, and what works on them."""

    servicer: MediaServicer
    workers: Workers


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
        units = PostgresUnits(database, event_to_record, relay.wake)
        media_url = settings.media.url
        publications = Publications(PostgresPosts(database), units, media_url)
        uploads = PostgresUploads(database, event_to_record, relay.wake)
        media = _media(settings.media, uploads, PostgresResumables(database), tasks)
        heard = HeardEvents(publications, uploads, media_url, media.workers.wake)
        consumer = Consumer(
            kafka.bootstrap_servers,
            NAME,
            [topics.USER_EVENTS, topics.MEDIA_EVENTS],
            heard.handle,
            types=TYPES,
            partitions=kafka.topic_partitions,
            replication=kafka.topic_replication,
            kept=kafka.topic_kept,
            prompt=False,
        )
        health.observe("kafka", consumer.check)
        tasks.start(consumer.run(), "event consumer")
        changes = ChangeLog(database)
        tasks.start(every(PRUNE_SECONDS, changes.prune, "changes"), "changes")
        servicer = PostServicer(publications, media_url, changes)

        def register(server: grpc.aio.Server) -> None:
            post_pb2_grpc.add_PostServiceServicer_to_server(servicer, server)
            media_pb2_grpc.add_MediaServiceServicer_to_server(media.servicer, server)

        server = await enter(
            serve(
                (host, settings.grpc_port),
                register,
                [SERVICE, MEDIA_SERVICE],
                settings.grpc,
                settings.process.drain_seconds,
            )
        )
        yield Running(server.port, admin.port, health, tasks)


def _media(
    settings: MediaSettings,
    uploads: PostgresUploads,
    resumables: PostgresResumables,
    tasks: Background,
) -> Media:
    objects = ObjectStoreObjects(settings.store)
    library = MediaLibrary(
        uploads,
        objects,
        media_type_of,
        SizeLimits(settings.image_max_bytes, settings.video_max_bytes),
        settings.quota_bytes,
        Places(settings.max_concurrent_uploads),
    )
    budget = WorkBudget(settings.share, settings.saved_seconds)
    processors = WorkerProcesses(Bounds(pixels=settings.max_pixels), budget)
    workers = Workers(Processing(uploads, objects, processors), budget)
    for number in range(settings.workers):
        tasks.start(every(_BREATHER_SECONDS, workers.round, "media"), f"media worker {number}")
    sweeping = Sweeping(uploads, resumables, objects)
    tasks.start(every(_SWEEP_SECONDS, sweeping.sweep, "media sweep"), "media sweep")
    resumable = ResumableUploads(library, resumables)
    return Media(MediaServicer(library, resumable, settings.url), workers)
