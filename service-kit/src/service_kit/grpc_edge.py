"""Where a call enters a server: context, metrics, and errors that are translated."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from types import TracebackType
from typing import Any

import grpc
import structlog
from opentelemetry import trace
from opentelemetry.trace import SpanKind
from service_kit import deadlines, errors, grpc_errors, logs, metrics, tracing
from service_kit.errors import AppError
from service_kit.grpc_measures import Measures

Context = grpc.aio.ServicerContext[Any, Any]


class Edge:
    """What services are registered at instead of their server, so that each method is wrapped.

    Once, and not with every call, as an interceptor would have it.
    """

    def __init__(self, server: grpc.aio.Server) -> None:
        self._server = server

    def add_generic_rpc_handlers(self, handlers: Iterable[grpc.GenericRpcHandler]) -> None:
        """Serve what they find for the names of methods that are not registered."""
        self._server.add_generic_rpc_handlers(tuple(map(_WrappedHandlers, handlers)))

    def add_registered_method_handlers(
        self, service: str, handlers: Mapping[str, "grpc.RpcMethodHandler[Any, Any]"]
    ) -> None:
        """Serve the methods of a service, by their names."""
        wrapped = {name: _wrapped(service, name, handler) for name, handler in handlers.items()}
        self._server.add_registered_method_handlers(service, wrapped)


class _WrappedHandlers(grpc.GenericRpcHandler):  # type: ignore[misc, unused-ignore] # gRPC is untyped
    """What another one finds, wrapped; each method once."""

    def __init__(self, handlers: grpc.GenericRpcHandler) -> None:
        self._handlers = handlers
        self._known: dict[str, Any] = {}

    def service(self, handler_call_details: Any) -> Any:
        path = str(handler_call_details.method)
        known = self._known.get(path)
        if known is None:
            found: Any = self._handlers.service(handler_call_details)
            if found is None:
                return None
            _, service, method = path.split("/")
            known = self._known[path] = _wrapped(service, method, found)
        return known


def _wrapped(service: str, method: str, handler: Any) -> Any:
    kind = (
        ("stream" if handler.request_streaming else "unary")
        + "_"
        + ("stream" if handler.response_streaming else "unary")
    )
    wrap = _streaming if handler.response_streaming else _unary
    make = getattr(grpc, f"{kind}_rpc_method_handler")
    return make(
        wrap(getattr(handler, kind), service, method),
        request_deserializer=handler.request_deserializer,
        response_serializer=handler.response_serializer,
    )


def _unary(behaviour: Callable[..., Any], service: str, method: str) -> Callable[..., Any]:
    measures = Measures(metrics.GRPC_SERVER_REQUESTS, metrics.GRPC_SERVER_DURATION, service, method)

    async def call(request: Any, context: Context) -> Any:
        with _Call(measures, context) as edge:
            try:
                return await behaviour(request, context)
            except Exception as error:
                await edge.fail(error)

    return call


def _streaming(behaviour: Callable[..., Any], service: str, method: str) -> Callable[..., Any]:
    measures = Measures(metrics.GRPC_SERVER_REQUESTS, metrics.GRPC_SERVER_DURATION, service, method)

    async def call(request: Any, context: Context) -> AsyncIterator[Any]:
        with _Call(measures, context) as edge:
            try:
                async for item in behaviour(request, context):
                    yield item
            except Exception as error:
                await edge.fail(error)

    return call


class _Call:
    """One call at the edge, from where it enters until it is known how it ended.

    No generator, as every call enters it.
    """

    __slots__ = ("_context", "_deadline", "_exemplar", "_measures", "_span", "_started", "code")

    def __init__(self, measures: Measures, context: Context) -> None:
        self._measures = measures
        self._context = context
        self.code = grpc.StatusCode.OK

    def __enter__(self) -> "_Call":
        self._started = time.perf_counter()
        headers = {key: str(value) for key, value in self._context.invocation_metadata() or ()}
        structlog.contextvars.bind_contextvars(request_id=headers.get("x-request-id", ""))
        self._deadline = deadlines.within(self._context.time_remaining())
        self._deadline.__enter__()
        parent = tracing.extract_context(headers)
        self._span = tracing.span(self._measures.name, parent=parent, kind=SpanKind.SERVER)
        self._span.__enter__()
        self._exemplar = tracing.exemplar()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if isinstance(error, asyncio.CancelledError):
            self.code = grpc.StatusCode.CANCELLED
        try:
            self._span.__exit__(kind, error, traceback)
        finally:
            self._deadline.__exit__(None, None, None)
            structlog.contextvars.clear_contextvars()
            self._measures.add(self.code, time.perf_counter() - self._started, self._exemplar)

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
        service, _, method = self._measures.name.partition("/")
        log = logs.get(__name__).bind(service=service, method=method, code=known.code)
        if isinstance(known, errors.Internal):
            log.error("call failed", exc_info=error)
        elif isinstance(known, errors.Unavailable | errors.DeadlineExceeded):
            log.warning("call refused", reason=known.message, cause=repr(error.__cause__))
