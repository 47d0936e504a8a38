"""A gRPC server: health, reflection, a graceful end, and an edge around what it serves."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from service_kit.config import GrpcSettings
from service_kit.grpc_edge import Context, Edge

__all__ = ["MAX_MESSAGE_BYTES", "Context", "GrpcServer", "serve"]

Register = Callable[[grpc.aio.Server], object]

MAX_MESSAGE_BYTES = 48 * 1024 * 1024
"""A page of 100 posts of 100,000 characters of four bytes each has to fit."""
_OPTIONS = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    ("grpc.so_reuseport", 0),
)
_LEAVE_SECONDS = 0.25
"""Until clients have heard that a server ends; it serves them all the same."""


@dataclass(frozen=True, slots=True)
class GrpcServer:
    """The gRPC port that a process listens on."""

    port: int


@asynccontextmanager
async def serve(
    address: tuple[str, int],
    register: Register,
    services: Sequence[str],
    settings: GrpcSettings,
    drain_seconds: float,
) -> AsyncIterator[GrpcServer]:
    """Serve what `register` adds while the block runs; calls in flight get `drain_seconds` to end.

    `services` are full names (`user.v1.UserService`), for health and reflection. Raises OSError
    where the port is taken.
    """
    server = grpc.aio.server(
        # Clients look a name up again when a connection ends. Calls in flight, and streams, go on.
        options=[*_OPTIONS, ("grpc.max_connection_age_ms", int(settings.connection_seconds * 1e3))],
        maximum_concurrent_rpcs=settings.max_concurrent_calls,
    )
    register(cast(grpc.aio.Server, Edge(server)))
    states = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(states, server)  # type: ignore[no-untyped-call, unused-ignore]
    reflection.enable_server_reflection(
        [*services, reflection.SERVICE_NAME, health.SERVICE_NAME], server
    )
    port = _bind(server, address, settings)
    await server.start()
    for name in ("", *services):
        await states.set(name, health_pb2.HealthCheckResponse.SERVING)
    try:
        yield GrpcServer(port)
    finally:
        await states.enter_graceful_shutdown()
        # gRPC cancels calls that arrive from now on; clients that watch its health go first.
        await asyncio.sleep(min(_LEAVE_SECONDS, drain_seconds))
        await server.stop(drain_seconds)


def _bind(server: grpc.aio.Server, address: tuple[str, int], settings: GrpcSettings) -> int:
    target = f"{address[0]}:{address[1]}"
    try:
        if settings.tls_cert:
            return server.add_secure_port(target, _credentials(settings))
        return server.add_insecure_port(target)
    except RuntimeError as error:
        raise OSError(f"cannot listen on {target}: {error}") from error


def _credentials(settings: GrpcSettings) -> grpc.ServerCredentials:
    key, cert, authority = (
        Path(name).read_bytes() for name in (settings.tls_key, settings.tls_cert, settings.tls_ca)
    )
    return grpc.ssl_server_credentials(
        [(key, cert)], root_certificates=authority, require_client_auth=True
    )
