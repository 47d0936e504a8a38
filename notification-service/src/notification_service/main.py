"""Composition root of notification-service: the one module that knows every adapter."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta

from asyncpg import PostgresError
from pinstack_proto.notification.v1 import notification_pb2, notification_pb2_grpc
from pinstack_proto.relation.v1 import relation_pb2
from pinstack_proto.relation.v1.relation_pb2_grpc import RelationServiceStub
from pinstack_proto.user.v1 import user_pb2
from pinstack_proto.user.v1.user_pb2_grpc import UserServiceStub
from service_kit import inbox
from service_kit.database import BY_INDEX, Connection, open_database
from service_kit.events import Consumer
from service_kit.grpc_client import open_channel
from service_kit.grpc_server import serve
from service_kit.health import Health, serve_admin
from service_kit.outbox import Relay
from service_kit.runtime import Running, background

from notification_service.adapters.event_consumer import TOPICS, TYPES, Events
from notification_service.adapters.event_records import event_to_record
from notification_service.adapters.grpc_servicer import NotificationServicer
from notification_service.adapters.postgres.changes import PostgresInboxChanges
from notification_service.adapters.postgres.inboxes import PostgresInboxes
from notification_service.adapters.postgres.jobs import PostgresJobChanges, PostgresJobQueue
from notification_service.adapters.postgres.marks import PostgresMarks
from notification_service.adapters.postgres.preferences import (
    PostgresPreferenceChanges,
    PostgresPreferences,
)
from notification_service.adapters.postgres.provenance import PostgresProvenance
from notification_service.adapters.postgres.units import CONSUMER, Changes, PostgresUnits
from notification_service.adapters.postgres.upkeep import PostgresRemains
from notification_service.adapters.posts_together import PostsTogether
from notification_service.adapters.relation_client import GrpcFollowership
from notification_service.adapters.user_client import GrpcUsers
from notification_service.adapters.worker import Crew, Worker
from notification_service.application.explanations import Explanations
from notification_service.application.fan_out import MOST_JOBS, FanOut
from notification_service.application.live import Hub
from notification_service.application.publication import Publication
from notification_service.application.reactions import Effects, Reactions
from notification_service.application.reception import Reception
from notification_service.application.upkeep import Upkeep
from notification_service.application.use_cases import Notifications
from notification_service.application.wishes import Wishes
from notification_service.config import Settings
from notification_service.domain.errors import AppError
from notification_service.domain.facts import AccountGone, Fact, PostGone, PostPublished

NAME = "notification-service"
SERVICE = notification_pb2.DESCRIPTOR.services_by_name["NotificationService"].full_name
USERS = user_pb2.DESCRIPTOR.services_by_name["UserService"]
RELATIONS = relation_pb2.DESCRIPTOR.services_by_name["RelationService"]

_POLL_SECONDS = 1.0
_UPKEEP_SECONDS = 60.0
_JOURNAL_MARGIN = timedelta(days=5)
"""A replay reaches as far back as the topic: further than notifications are kept."""


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Running]:
    """The whole service while the block runs; what is entered last ends first."""
    host, url = settings.process.bind_host, settings.database_url.get_secret_value()
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        health = Health(NAME)
        admin = await enter(serve_admin(host, settings.admin_port, health))
        database = await enter(open_database(url, settings.postgres, NAME, BY_INDEX))
        health.require("postgres", database.ping)
        users, followership = await enter(peers_of(settings))
        tasks = await enter(background())
        relay = Relay(
            url,
            settings.kafka.bootstrap_servers,
            NAME,
            partitions=settings.kafka.topic_partitions,
            replication=settings.kafka.topic_replication,
            topic_kept=timedelta(days=settings.retention_days) + _JOURNAL_MARGIN,
            # Twenty events a post, of which only a replay reads: nobody waits for them, and no
            # restore of a backup needs them again.
            keep_sent=timedelta(0),
            pace_seconds=0.1,
        )
        tasks.start(relay.run(), "outbox relay")
        hub, reception = Hub(utc_now), Reception(utc_now)
        units = PostgresUnits(database, changes_on, event_to_record, relay.wake, hub)
        queue = PostgresJobQueue(database)
        fan_out = FanOut(
            *(queue, users, followership, units, reception, settings.fanout_batch),
            failures=(AppError, PostgresError),
        )
        tellers = [
            Worker(f"fan-out {number}", fan_out.turn, _POLL_SECONDS)
            for number in range(settings.fanout_workers)
        ]
        emptying, forgetting = upkeep_of(settings, units)
        for worker in (*tellers, emptying, forgetting):
            tasks.start(worker.run(), worker.name)
        crew = Crew(tellers, MOST_JOBS, work_from=(PostPublished, PostGone))
        reactions = Reactions(users, units, reception)
        effects = PostsTogether(Publication(fan_out), reactions, fan_out.failures)
        consumer = consumer_of(settings, effects, [crew, emptying], hub)
        health.observe("kafka", consumer.check)
        tasks.start(consumer.run(), "event consumer")
        preferences = PostgresPreferences(database)
        inboxes = PostgresInboxes(database)
        provenance = PostgresProvenance(database, CONSUMER)
        servicer = NotificationServicer(
            Notifications(inboxes, users, units, preferences, reception),
            Wishes(preferences, users, units),
            explanations_of(settings, inboxes, provenance, followership),
            hub,
            stream_bytes=settings.stream_buffer_bytes,
            heartbeat_seconds=settings.heartbeat_seconds,
        )
        server = await enter(
            serve(
                (host, settings.grpc_port),
                lambda server: notification_pb2_grpc.add_NotificationServiceServicer_to_server(
                    servicer, server
                ),
                [SERVICE],
                settings.grpc,
                settings.process.drain_seconds,
            )
        )
        stack.callback(hub.close)  # streams have no end of their own: the drain would wait for them
        yield Running(server.port, admin.port, health, tasks)


def utc_now() -> datetime:
    """The time."""
    return datetime.now(UTC)


@asynccontextmanager
async def peers_of(settings: Settings) -> AsyncIterator[tuple[GrpcUsers, GrpcFollowership]]:
    """The services that this one calls."""
    addresses, grpc = settings.peers, settings.grpc
    async with (
        open_channel(addresses.user_grpc_address, USERS, grpc) as users,
        open_channel(addresses.relation_grpc_address, RELATIONS, grpc) as relations,
    ):
        yield GrpcUsers(UserServiceStub(users)), GrpcFollowership(RelationServiceStub(relations))


def changes_on(connection: Connection) -> Changes:
    """What can be done in a transaction."""
    return Changes(
        inboxes=PostgresInboxChanges(connection),
        marks=PostgresMarks(connection),
        preferences=PostgresPreferenceChanges(connection),
        jobs=PostgresJobChanges(connection),
        remains=PostgresRemains(connection),
    )


def explanations_of(
    settings: Settings,
    inboxes: PostgresInboxes,
    provenance: PostgresProvenance,
    followership: GrpcFollowership,
) -> Explanations:
    """Who says why."""
    kept = timedelta(days=settings.trace_days)
    return Explanations(inboxes, provenance, followership, utc_now, kept)


def upkeep_of(settings: Settings, units: PostgresUnits) -> tuple[Worker, Worker]:
    """Who deletes: one what closed inboxes hold, at once, the other what is old."""
    upkeep = Upkeep(
        units,
        retention=timedelta(days=settings.retention_days),
        tombstones_kept=timedelta(days=settings.tombstone_days),
        claims_kept=inbox.kept(settings.kafka.topic_kept),
        traces_kept=timedelta(days=settings.trace_days),
        most_traces=settings.most_traces,
    )
    emptying = Worker(
        "emptying of closed inboxes",
        upkeep.empty_closed,
        _UPKEEP_SECONDS,
        work_from=(AccountGone,),
    )
    return emptying, Worker("upkeep", upkeep.forget, _UPKEEP_SECONDS)


def consumer_of(
    settings: Settings, effects: Effects, workers: Sequence[Worker | Crew], hub: Hub
) -> Consumer:
    """Who hears of others' events, and wakes the workers that have work from them."""

    def wake(facts: Sequence[Fact]) -> None:
        for worker in workers:
            worker.hear(facts)

    return Consumer(
        settings.kafka.bootstrap_servers,
        NAME,
        TOPICS,
        Events(effects, wake, hub.tell).handle,
        types=TYPES,
        partitions=settings.kafka.topic_partitions,
        replication=settings.kafka.topic_replication,
        kept=settings.kafka.topic_kept,
        at_once=len(TOPICS) * settings.kafka.topic_partitions,  # posts of all share a transaction
    )
