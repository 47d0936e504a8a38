"""A gRPC channel: deadlines, retries where they are safe, metrics, errors that are decoded."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, cast

import grpc
import structlog
from google.protobuf.descriptor import ServiceDescriptor
from opentelemetry.trace import SpanKind
from service_kit import deadlines, grpc_errors, metrics, tracing
from service_kit.config import GrpcSettings
from service_kit.grpc_measures import Measures
from service_kit.grpc_server import MAX_MESSAGE_BYTES

_READS = ("Get", "BatchGet", "List", "Search", "Check")
"""How the name of an RPC begins that only reads, and so may be sent again."""


@asynccontextmanager
async def open_channel(
    address: str, service: ServiceDescriptor, settings: GrpcSettings
) -> AsyncIterator[grpc.aio.Channel]:
    """A channel for the stub of `service` while the block runs.

    `address` is `host:port`, or several separated by commas (IP addresses), used in turn. A call
    raises an `AppError` of the kind that the server raised; `Unavailable` and `DeadlineExceeded`
    where it was not reached or not in time. With TLS, several addresses must have certificates
    that are good for the first one's host.
    """
    options = [*_OPTIONS, ("grpc.service_config", _service_config(service))]
    if settings.tls_cert and "," in address:
        # A list of addresses is no name that a certificate could be made out to.
        options.append(("grpc.default_authority", address.partition(",")[0].strip()))
    async with _connect(_target(address), settings, options) as channel:
        calls = _Calls(channel, service.full_name, settings.deadline_seconds)
        yield cast(grpc.aio.Channel, calls)


_OPTIONS: list[tuple[str, Any]] = [
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.keepalive_permit_without_calls", 1),
    # A service that is back is found at once: a try that finds nobody costs a packet or two.
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 250),
    ("grpc.max_reconnect_backoff_ms", 200),
    ("grpc.dns_min_time_between_resolutions_ms", 1_000),
    ("grpc.enable_retries", 1),
    ("grpc.use_local_subchannel_pool", 1),
]


def _connect(
    target: str, settings: GrpcSettings, options: list[tuple[str, Any]]
) -> grpc.aio.Channel:
    if not settings.tls_cert:
        return grpc.aio.insecure_channel(target, options=options)
    authority, key, cert = (
        Path(name).read_bytes() for name in (settings.tls_ca, settings.tls_key, settings.tls_cert)
    )
    credentials = grpc.ssl_channel_credentials(authority, key, cert)
    return grpc.aio.secure_channel(target, credentials, options=options)


def _target(address: str) -> str:
    addresses = [part.strip() for part in address.split(",")]
    return f"dns:///{addresses[0]}" if len(addresses) == 1 else f"ipv4:{','.join(addresses)}"


def _service_config(service: ServiceDescriptor) -> str:
    reads = [
        {"service": service.full_name, "method": method.name}
        for method in service.methods
        if method.name.startswith(_READS)
    ]
    retry = {
        "maxAttempts": 3,
        "initialBackoff": "0.02s",
        "maxBackoff": "0.2s",
        "backoffMultiplier": 2,
        "retryableStatusCodes": ["UNAVAILABLE"],
    }
    return json.dumps(
        {
            "loadBalancingConfig": [{"round_robin": {}}],
            # A replica that is about to end says so, and is left before it stops listening.
            "healthCheckConfig": {"serviceName": ""},
            "methodConfig": [{"name": reads, "retryPolicy": retry}] if reads else [],
        }
    )


class _Calls:
    """What a stub takes as its channel; plain wrappers, as interceptors cost a task a call."""

    def __init__(self, channel: grpc.aio.Channel, service: str, deadline: float) -> None:
        self._channel = channel
        self._service = service
        self._deadline = deadline

    def unary_unary(self, method: str, *args: Any, **options: Any) -> Callable[..., Any]:
        call = self._channel.unary_unary(method, *args, **options)
        measures = self._measures(method)

        async def unary(request: Any, *, timeout: float | None = None) -> Any:
            return await _unary(measures, call, request, timeout or self._deadline)

        return unary

    def unary_stream(self, method: str, *args: Any, **options: Any) -> Callable[..., Any]:
        call = self._channel.unary_stream(method, *args, **options)

        async def stream(request: Any, *, timeout: float | None = None) -> AsyncIterator[Any]:
            answers = call(request, timeout=timeout, metadata=_metadata())
            try:
                async for item in answers:
                    yield item
            except grpc.aio.AioRpcError as error:
                raise grpc_errors.decode(error) from error
            finally:
                answers.cancel()  # given up half way it would hold a place of the server

        return stream

    def stream_unary(self, method: str, *args: Any, **options: Any) -> Callable[..., Any]:
        call = self._channel.stream_unary(method, *args, **options)
        measures = self._measures(method)

        async def upload(requests: AsyncIterator[Any], *, timeout: float | None = None) -> Any:
            async def sent(_: None, *, timeout: float, metadata: Sequence[tuple[str, str]]) -> Any:
                return await _sent(call(timeout=timeout, metadata=metadata), requests)

            return await _unary(measures, sent, None, timeout or self._deadline)

        return upload

    def stream_stream(self, method: str, *args: Any, **options: Any) -> Any:
        return self._channel.stream_stream(method, *args, **options)

    def _measures(self, method: str) -> Measures:
        name = method.rpartition("/")[2]
        requests, duration = metrics.GRPC_CLIENT_REQUESTS, metrics.GRPC_CLIENT_DURATION
        return Measures(requests, duration, self._service, name)


async def _unary(measures: Measures, call: Any, request: Any, deadline: float) -> Any:
    started, code = time.perf_counter(), grpc.StatusCode.OK
    try:
        with tracing.span(measures.name, kind=SpanKind.CLIENT):
            timeout = deadlines.remaining(deadline)
            return await call(request, timeout=timeout, metadata=_metadata())
    except grpc.aio.AioRpcError as error:
        code = error.code()
        raise grpc_errors.decode(error) from error
    finally:
        measures.add(code, time.perf_counter() - started, tracing.exemplar())


async def _sent(call: Any, requests: AsyncIterator[Any]) -> Any:
    """The answer to a stream of requests; what they raise passes, and ends the call.

    grpc.aio's own consumer of an iterator would swallow that, and cancel its caller.
    """
    try:
        with suppress(asyncio.InvalidStateError):  # an answer that came before the end
            async for request in requests:
                await call.write(request)
            await call.done_writing()
        return await call
    finally:
        call.cancel()


def _metadata() -> Sequence[tuple[str, str]]:
    headers = tracing.inject()
    if request_id := structlog.contextvars.get_contextvars().get("request_id"):
        headers["x-request-id"] = request_id
    return tuple(headers.items())
