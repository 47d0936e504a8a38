"""Composition root of api-gateway: the one place that knows every adapter."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import Final

import uvicorn
from service_kit.health import Health, listen, serve_admin, serve_http
from service_kit.runtime import Background, Running, background

from api_gateway.adapters.grpc.explanations import GrpcDeliveryLog
from api_gateway.adapters.grpc.notification_replicas import notification_sources
from api_gateway.adapters.grpc.notification_stream import GrpcInboxes
from api_gateway.adapters.grpc.notifications import GrpcNotifications
from api_gateway.adapters.grpc.readiness import serving
from api_gateway.adapters.http.admission import Admission
from api_gateway.adapters.http.app import Gateway
from api_gateway.adapters.http.authentication import Authentication
from api_gateway.adapters.http.body_stream import StreamLimits
from api_gateway.adapters.http.catalogue import served, whole_document
from api_gateway.adapters.http.client_address import ClientAddresses
from api_gateway.adapters.http.cors import Cors
from api_gateway.adapters.http.crowd import Crowd
from api_gateway.adapters.http.door import Door
from api_gateway.adapters.http.idempotency import Idempotency
from api_gateway.adapters.http.pipeline import Edge
from api_gateway.adapters.http.protocol import EnvelopedHttp
from api_gateway.adapters.http.rate_limits import RateLimits
from api_gateway.adapters.http.routes.auth import TOO_MANY_SIGN_INS
from api_gateway.adapters.http.routes.docs import DocumentRoutes
from api_gateway.adapters.http.routes.health import HealthRoutes
from api_gateway.adapters.http.routes.keys import KeyRoutes
from api_gateway.adapters.http.routes.live_page import LivePageRoutes
from api_gateway.adapters.http.schemas.notification import shown
from api_gateway.adapters.http.watch import watch
from api_gateway.adapters.live.callers import Callers
from api_gateway.adapters.live.routes import WEBSOCKETS, drop_stuck_clients, live_routes
from api_gateway.adapters.redis.idempotency import LocalIdempotencyKeys, RedisIdempotencyKeys
from api_gateway.adapters.redis.limiter import LocalLimiter, RedisLimiter
from api_gateway.adapters.redis.link import Link, open_link
from api_gateway.application.live.dialogue import Dialogue
from api_gateway.application.live.hub import Hub
from api_gateway.application.live.limits import Limits
from api_gateway.application.recent_writes import RecentWrites
from api_gateway.config import Settings
from api_gateway.main.kept import Kept, begin_keeping
from api_gateway.main.peers import Peers, open_peers
from api_gateway.main.resources import resources
from api_gateway.main.trust import Trust, begin_trust
from api_gateway.workers import Worker, end_with_supervisor, read_metrics_of_all

NAME: Final = "api-gateway"
_INFORMED_SECONDS: Final = 2.0
"""Before clients come; not longer, as a gateway without auth-service serves other things."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the application is put together from."""

    peers: Peers
    trust: Trust
    link: Link
    hub: Hub
    kept: Kept
    health: Health
    crowds: Mapping[str, Crowd]


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
        peers = await open_peers(stack, settings, health)
        tasks = await enter(background())
        trust = begin_trust(settings, peers, link, tasks)
        health.expect("revocations", trust.revocations.check)
        health.observe("redis", link.check)
        kept = begin_keeping(peers, link, tasks)
        hub = _hub(settings, peers, trust, kept.writes)
        tasks.start(hub.run(), "live hub")
        crowds = _crowds(peers, tasks)
        app = _app(settings, Parts(peers, trust, link, hub, kept, health, crowds))
        door = Door(app.visit, Cors(settings.gateway.cors_origins))
        await trust.revocations.read_once(_INFORMED_SECONDS)
        listener = worker.listener if worker else listen(host, settings.gateway.port)
        drop_stuck_clients(listener)
        await enter(serve_http(_server(app, door, settings), listener))
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


def _hub(settings: Settings, peers: Peers, trust: Trust, writes: RecentWrites) -> Hub:
    return Hub(
        GrpcInboxes(peers.notifications),
        notification_sources(settings.peers.notification_grpc_address, settings.grpc),
        trust.revocations,
        Limits(
            connections=settings.gateway.max_sockets,
            connections_per_user=settings.gateway.max_sockets_per_user,
        ),
        noticed=writes.note_told,
        log=GrpcDeliveryLog(peers.notifications),
    )


def _app(settings: Settings, parts: Parts) -> Gateway:
    """All operations, the document that describes them, and the live channel."""
    origins, trust = settings.gateway.cors_origins, parts.trust
    documents = DocumentRoutes()
    documents.publish(whole_document)
    routes = served(
        [
            *resources(settings, parts.peers, trust, parts.kept.authors),
            KeyRoutes(trust.keys),
            HealthRoutes(NAME, parts.health.report),
            documents,
            LivePageRoutes(),
        ]
    )
    marks = GrpcNotifications(parts.peers.notifications)
    limits = _rate_limits(settings, parts.link)
    dialogue = Dialogue(marks, trust.tokens, limits, parts.kept.hot.wrote)
    callers = Callers(trust.tokens, trust.tickets, origins)
    return Gateway(
        list(routes),
        live_routes(parts.hub, dialogue, callers, shown),
        _edge(settings, limits, parts),
        Cors(origins),
        ClientAddresses(settings.gateway.trusted_proxies),
    )


def _crowds(peers: Peers, tasks: Background) -> Mapping[str, Crowd]:
    """Those who wait for each of the services, and what watches them."""
    crowds: dict[str, Crowd] = {}
    for service, channel in peers.by_service().items():
        crowds[service] = Crowd(service)
        tasks.start(watch(crowds[service], serving(channel)), f"crowd of {service}")
    return crowds


def _rate_limits(settings: Settings, link: Link) -> RateLimits:
    limiter = RedisLimiter(link, LocalLimiter()) if settings.limits.enabled else None
    return RateLimits(limiter, settings.limits.by_scope())


def _edge(settings: Settings, limits: RateLimits, parts: Parts) -> Edge:
    gateway = settings.gateway
    return Edge(
        Authentication(parts.trust.tokens, reads_are_open=gateway.reads_are_open),
        limits,
        Idempotency(
            RedisIdempotencyKeys(parts.link, LocalIdempotencyKeys()),
            gateway.cursor_secret.get_secret_value().encode(),
        ),
        Admission(gateway.max_concurrent_requests),
        Admission(gateway.max_concurrent_passwords, "http_password", TOO_MANY_SIGN_INS.code),
        gateway.request_timeout_seconds,
        gateway.password_timeout_seconds,
        gateway.max_body_bytes,
        StreamLimits(gateway.media_max_bytes, gateway.media_idle_seconds),
        gateway.media_timeout_seconds,
        parts.kept.hot,
        parts.crowds,
    )


def _server(app: Gateway, door: Door, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=partial(EnvelopedHttp, door=door),  # type: ignore[arg-type] # makes such a class
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=settings.gateway.keep_alive_seconds,
        timeout_graceful_shutdown=ceil(settings.process.drain_seconds),
        **WEBSOCKETS,
    )
