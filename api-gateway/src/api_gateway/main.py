"""Composition root of api-gateway: the one module that knows every adapter."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from math import ceil
from typing import Final

import grpc
import uvicorn
from google.protobuf.descriptor import FileDescriptor
from pinstack_proto.auth.v1 import auth_pb2
from pinstack_proto.notification.v1 import notification_pb2
from pinstack_proto.post.v1 import post_pb2
from pinstack_proto.relation.v1 import relation_pb2
from pinstack_proto.user.v1 import user_pb2
from service_kit.grpc_client import open_channel
from service_kit.health import Health, listen, serve_admin, serve_http
from service_kit.runtime import Background, Running, background

from api_gateway.adapters.grpc.auth import GrpcAccounts, GrpcKeys, GrpcRevocationLog
from api_gateway.adapters.grpc.media import GrpcMedia
from api_gateway.adapters.grpc.notification_replicas import notification_sources
from api_gateway.adapters.grpc.notification_stream import GrpcInboxes
from api_gateway.adapters.grpc.notifications import GrpcGroups, GrpcNotifications
from api_gateway.adapters.grpc.posts import GrpcPosts
from api_gateway.adapters.grpc.readiness import serving
from api_gateway.adapters.grpc.relations import GrpcRelations
from api_gateway.adapters.grpc.users import GrpcUsers
from api_gateway.adapters.grpc.wishes import GrpcWishes
from api_gateway.adapters.http.admission import Admission
from api_gateway.adapters.http.app import Gateway
from api_gateway.adapters.http.authentication import Authentication
from api_gateway.adapters.http.body_stream import StreamLimits
from api_gateway.adapters.http.catalogue import served, whole_document
from api_gateway.adapters.http.client_address import ClientAddresses
from api_gateway.adapters.http.cors import Cors
from api_gateway.adapters.http.hot_reads import HotReads
from api_gateway.adapters.http.idempotency import Idempotency
from api_gateway.adapters.http.pipeline import Edge
from api_gateway.adapters.http.protocol import EnvelopedHttp
from api_gateway.adapters.http.rate_limits import RateLimits
from api_gateway.adapters.http.routes.auth import AuthRoutes
from api_gateway.adapters.http.routes.docs import DocumentRoutes
from api_gateway.adapters.http.routes.health import HealthRoutes
from api_gateway.adapters.http.routes.keys import KeyRoutes
from api_gateway.adapters.http.routes.live_page import LivePageRoutes
from api_gateway.adapters.http.routes.media import MediaRoutes
from api_gateway.adapters.http.routes.media_uploads import MediaUploadRoutes
from api_gateway.adapters.http.routes.notification import NotificationRoutes
from api_gateway.adapters.http.routes.notification_marks import NotificationMarkRoutes
from api_gateway.adapters.http.routes.posts import PostRoutes
from api_gateway.adapters.http.routes.profiles import ProfileRoutes
from api_gateway.adapters.http.routes.relation import RelationRoutes
from api_gateway.adapters.http.routes.users import UserRoutes
from api_gateway.adapters.http.routes.wishes import WishRoutes
from api_gateway.adapters.http.schemas.notification import shown
from api_gateway.adapters.live.callers import Callers
from api_gateway.adapters.live.routes import WEBSOCKETS, drop_stuck_clients, live_routes
from api_gateway.adapters.redis.broadcast import RedisBroadcast
from api_gateway.adapters.redis.idempotency import LocalIdempotencyKeys, RedisIdempotencyKeys
from api_gateway.adapters.redis.limiter import LocalLimiter, RedisLimiter
from api_gateway.adapters.redis.link import Link, open_link
from api_gateway.adapters.redis.tickets import RedisTickets
from api_gateway.adapters.tokens.keys import KnownKeys
from api_gateway.adapters.tokens.revocations import WatchedRevocations
from api_gateway.adapters.tokens.tickets import LivingTickets
from api_gateway.adapters.tokens.verifier import JwtTokens
from api_gateway.application.avatars import Avatars
from api_gateway.application.groups import NamedGroups
from api_gateway.application.live.dialogue import Dialogue
from api_gateway.application.live.hub import Hub
from api_gateway.application.live.limits import Limits
from api_gateway.application.posts import AuthoredPosts
from api_gateway.application.recent_writes import RecentWrites
from api_gateway.application.wishes import NamedMutes
from api_gateway.config import Settings
from api_gateway.domain.cursor import Cursors
from api_gateway.workers import Worker, end_with_supervisor, read_metrics_of_all

NAME: Final = "api-gateway"
_INFORMED_SECONDS: Final = 2.0
"""Before clients come; not longer, as a gateway without auth-service serves other things."""


@dataclass(frozen=True, slots=True)
class Peers:
    """A channel to each of the services behind the gateway."""

    users: grpc.aio.Channel
    auth: grpc.aio.Channel
    posts: grpc.aio.Channel
    relations: grpc.aio.Channel
    notifications: grpc.aio.Channel


@dataclass(frozen=True, slots=True)
class Trust:
    """What knows who is calling."""

    keys: KnownKeys
    revocations: WatchedRevocations
    tokens: JwtTokens
    tickets: LivingTickets


@dataclass(frozen=True, slots=True)
class Parts:
    """What the application is put together from."""

    peers: Peers
    trust: Trust
    link: Link
    hub: Hub
    hot: HotReads
    health: Health


@asynccontextmanager
async def running(settings: Settings, worker: Worker | None = None) -> AsyncIterator[Running]:
    """The whole gateway while the block runs; what is entered last ends first.

    A `worker` has a share of the port, and one of them the admin port.
    """
    host, health = settings.process.bind_host, Health(NAME)
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        admin_port = await _admin(stack, settings, health, worker)
        link = await enter(
            open_link(settings.redis.url.get_secret_value(), settings.redis.timeout_seconds)
        )
        peers = await _peers(stack, settings, health)
        tasks = await enter(background())
        trust = _trust(settings, peers, link, tasks)
        health.expect("revocations", trust.revocations.check)
        health.observe("redis", link.check)
        writes = RecentWrites()
        hot = _hot(link, tasks, writes)
        hub = _hub(settings, peers, trust, writes)
        tasks.start(hub.run(), "live hub")
        app = _app(settings, Parts(peers, trust, link, hub, hot, health))
        await trust.revocations.read_once(_INFORMED_SECONDS)
        listener = worker.listener if worker else listen(host, settings.gateway.port)
        drop_stuck_clients(listener)
        await enter(serve_http(_server(app, settings), listener))
        stack.push_async_callback(hub.close)
        if worker:
            tasks.start(end_with_supervisor(), "supervisor")
        yield Running(listener.getsockname()[1], admin_port, health, tasks)


async def _admin(
    stack: AsyncExitStack, settings: Settings, health: Health, worker: Worker | None
) -> int:
    if worker is not None:
        if not worker.speaks_for_all:
            return 0
        read_metrics_of_all()
    port = settings.gateway.admin_port
    server = await stack.enter_async_context(serve_admin(settings.process.bind_host, port, health))
    return server.port


async def _peers(stack: AsyncExitStack, settings: Settings, health: Health) -> Peers:
    addresses = settings.peers

    async def opened(name: str, address: str, descriptor: FileDescriptor) -> grpc.aio.Channel:
        (service,) = descriptor.services_by_name.values()
        channel = await stack.enter_async_context(open_channel(address, service, settings.grpc))
        health.expect(name, serving(channel))
        return channel

    return Peers(
        await opened("user-service", addresses.user_grpc_address, user_pb2.DESCRIPTOR),
        await opened("auth-service", addresses.auth_grpc_address, auth_pb2.DESCRIPTOR),
        await opened("post-service", addresses.post_grpc_address, post_pb2.DESCRIPTOR),
        await opened("relation-service", addresses.relation_grpc_address, relation_pb2.DESCRIPTOR),
        await opened(
            "notification-service",
            addresses.notification_grpc_address,
            notification_pb2.DESCRIPTOR,
        ),
    )


def _trust(settings: Settings, peers: Peers, link: Link, tasks: Background) -> Trust:
    keys = KnownKeys(GrpcKeys(peers.auth))
    revocations = WatchedRevocations(GrpcRevocationLog(peers.auth))
    tasks.start(keys.refresh(), "key set")
    tasks.start(revocations.follow(), "revocations")
    tokens = JwtTokens(keys, revocations, settings.tokens.issuer, settings.tokens.audience)
    return Trust(keys, revocations, tokens, LivingTickets(RedisTickets(link), revocations))


def _hub(settings: Settings, peers: Peers, trust: Trust, writes: RecentWrites) -> Hub:
    return Hub(
        GrpcInboxes(peers.notifications),
        notification_sources(settings.peers.notification_grpc_address, settings.grpc),
        trust.revocations,
        Limits(
            connections=settings.gateway.max_sockets,
            connections_per_user=settings.gateway.max_sockets_per_user,
        ),
        noticed=writes.note,
    )


def _app(settings: Settings, parts: Parts) -> Gateway:
    """All operations, the document that describes them, and the live channel."""
    origins, trust = settings.gateway.cors_origins, parts.trust
    documents = DocumentRoutes()
    documents.publish(whole_document)
    routes = served(
        [
            *_resources(settings, parts.peers, trust),
            KeyRoutes(trust.keys),
            HealthRoutes(NAME, parts.health.report),
            documents,
            LivePageRoutes(),
        ]
    )
    marks = GrpcNotifications(parts.peers.notifications)
    dialogue = Dialogue(marks, trust.tokens, parts.hot.wrote)
    callers = Callers(trust.tokens, trust.tickets, origins)
    return Gateway(
        list(routes),
        live_routes(parts.hub, dialogue, callers, shown),
        _edge(settings, trust, parts),
        Cors(origins),
        ClientAddresses(settings.gateway.trusted_proxies),
    )


def _resources(settings: Settings, peers: Peers, trust: Trust) -> Iterator[object]:
    gateway = settings.gateway
    cursors = Cursors(gateway.cursor_secret.get_secret_value().encode())
    users, accounts = GrpcUsers(peers.users), GrpcAccounts(peers.auth)
    yield AuthRoutes(accounts, users)
    media = GrpcMedia(peers.posts, gateway.media_timeout_seconds)
    yield UserRoutes(users, accounts, cursors, emails_are_open=gateway.compat)
    yield ProfileRoutes(users, Avatars(media), emails_are_open=gateway.compat)
    yield MediaUploadRoutes(media)
    yield MediaRoutes(media)
    yield PostRoutes(AuthoredPosts(GrpcPosts(peers.posts), users), cursors)
    yield RelationRoutes(GrpcRelations(peers.relations), cursors)
    notifications = GrpcNotifications(peers.notifications)
    groups = NamedGroups(GrpcGroups(peers.notifications), users)
    yield NotificationRoutes(notifications, groups, trust.tickets, cursors)
    yield NotificationMarkRoutes(notifications)
    wishes = GrpcWishes(peers.notifications)
    yield WishRoutes(wishes, NamedMutes(wishes, users), cursors)


def _hot(link: Link, tasks: Background, writes: RecentWrites) -> HotReads:
    broadcast = RedisBroadcast(link, writes.note, writes.hears)
    tasks.start(broadcast.listen(), "writes elsewhere")
    return HotReads(writes, broadcast)


def _edge(settings: Settings, trust: Trust, parts: Parts) -> Edge:
    gateway, link = settings.gateway, parts.link
    limiter = RedisLimiter(link, LocalLimiter()) if settings.limits.enabled else None
    return Edge(
        Authentication(trust.tokens, reads_are_open=gateway.reads_are_open),
        RateLimits(limiter, settings.limits.by_scope()),
        Idempotency(RedisIdempotencyKeys(link, LocalIdempotencyKeys())),
        Admission(gateway.max_concurrent_requests),
        Admission(gateway.max_concurrent_passwords, "http_password"),
        gateway.request_timeout_seconds,
        gateway.password_timeout_seconds,
        gateway.max_body_bytes,
        StreamLimits(gateway.media_max_bytes, gateway.media_idle_seconds),
        gateway.media_timeout_seconds,
        parts.hot,
    )


def _server(app: Gateway, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=EnvelopedHttp,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=ceil(settings.process.drain_seconds),
        **WEBSOCKETS,
    )
