"""A gRPC server: context, metrics and errors at its edge; health, reflection, a graceful end."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import structlog
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from opentelemetry import trace
from opentelemetry.trace import SpanKind
from service_kit import deadlines, errors, grpc_errors, logs, metrics, tracing
from service_kit.config import GrpcSettings
from service_kit.errors import AppError

Context = grpc.aio.ServicerContext[Any, Any]
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
_INTERNAL_PREFIX = "grpc."
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
        interceptors=[_Edge()],
        # Clients look a name up again when a connection ends. Calls in flight, and streams, go on.
        options=[*_OPTIONS, ("grpc.max_connection_age_ms", int(settings.connection_seconds * 1e3))],
        maximum_concurrent_rpcs=settings.max_concurrent_calls,
    )
    register(server)
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


class _Edge(grpc.aio.ServerInterceptor):
    """Where a call enters: its context is bound, its errors are translated, its time is taken."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        handler = await continuation(handler_call_details)
        _, service, method = str(handler_call_details.method).split("/")
        if handler is None or service.startswith(_INTERNAL_PREFIX):
            return handler
        wrap = _streaming if handler.response_streaming else _unary
        kind = (
            ("stream" if handler.request_streaming else "unary")
            + "_"
            + ("stream" if handler.response_streaming else "unary")
        )
        make = getattr(grpc, f"{kind}_rpc_method_handler")
        return make(
            wrap(getattr(handler, kind), service, method),
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )


def _unary(behaviour: Callable[..., Any], service: str, method: str) -> Callable[..., Any]:
    async def call(request: Any, context: Context) -> Any:
        with _entered(service, method, context) as edge:
            try:
                return await behaviour(request, context)
            except Exception as error:
                await edge.fail(error)

    return call


def _streaming(behaviour: Callable[..., Any], service: str, method: str) -> Callable[..., Any]:
    async def call(request: Any, context: Context) -> AsyncIterator[Any]:
        with _entered(service, method, context) as edge:
            try:
                async for item in behaviour(request, context):
                    yield item
            except Exception as error:
                await edge.fail(error)

    return call


class _Call:
    """One call at the edge, and how it ends."""

    def __init__(self, service: str, method: str, context: Context) -> None:
        self._service = service
        self._method = method
        self._context = context
        self.code = grpc.StatusCode.OK

    async def fail(self, error: Exception) -> None:
        """End the call with the status of `error`; always raises."""
        if isinstance(error, grpc.aio.AbortError):
            self.code = self._context.code()
            raise error
        known = error if isinstance(error, AppError) else errors.Internal()
        self._log(error, known)
        status = grpc_errors.encode(known)
        self.code = status.code
        trace.get_current_span().set_attribute("rpc.response.status_code", status.code.name)
        await self._context.abort(status.code, status.details, status.trailing_metadata)

    def _log(self, error: Exception, known: AppError) -> None:
        log = logs.get(__name__).bind(service=self._service, method=self._method, code=known.code)
        if isinstance(known, errors.Internal):
            log.error("call failed", exc_info=error)
        elif isinstance(known, errors.Unavailable | errors.DeadlineExceeded):
            log.warning("call refused", reason=known.message, cause=repr(error.__cause__))


@contextmanager
def _entered(service: str, method: str, context: Context) -> Iterator[_Call]:
    started = time.perf_counter()
    call = _Call(service, method, context)
    exemplar = None
    headers = {key: str(value) for key, value in context.invocation_metadata() or ()}
    structlog.contextvars.bind_contextvars(request_id=headers.get("x-request-id", ""))
    try:
        with (
            deadlines.within(context.time_remaining()),
            tracing.span(
                f"{service}/{method}",
                parent=tracing.extract_context(headers),
                kind=SpanKind.SERVER,
            ),
        ):
            exemplar = tracing.exemplar()
            yield call
    except asyncio.CancelledError:
        call.code = grpc.StatusCode.CANCELLED
        raise
    finally:
        structlog.contextvars.clear_contextvars()
        labels = (service, method, call.code.name)
        metrics.GRPC_SERVER_REQUESTS.labels(*labels).inc()
        metrics.GRPC_SERVER_DURATION.labels(*labels).observe(
            time.perf_counter() - started, exemplar
        )
