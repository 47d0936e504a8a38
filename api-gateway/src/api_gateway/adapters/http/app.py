"""The ASGI application: what every request passes before and after its operation."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final
from urllib.parse import unquote

import structlog
from opentelemetry.trace import SpanKind
from service_kit import errors, logs, metrics, tracing
from service_kit.errors import AppError
from starlette.routing import Route as ForeignRoute
from starlette.routing import WebSocketRoute, compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api_gateway.adapters.http.answer import Answer
from api_gateway.adapters.http.call import Call
from api_gateway.adapters.http.client_address import ClientAddresses
from api_gateway.adapters.http.cors import Cors
from api_gateway.adapters.http.counters import count
from api_gateway.adapters.http.dispatch import WEBSOCKET, Dispatch, Match
from api_gateway.adapters.http.door import Visit
from api_gateway.adapters.http.errors import answer_of
from api_gateway.adapters.http.exchange import Exchange, header_fields, request_id_of
from api_gateway.adapters.http.operations import Route
from api_gateway.adapters.http.pipeline import Edge, Endpoint
from api_gateway.adapters.http.rate_limits import LimitReached

_UNMATCHED: Final = "unmatched"
Target = Endpoint | ASGIApp


class Gateway:
    """All operations behind one edge, and beside them the routes of the live channel."""

    def __init__(
        self,
        routes: Sequence[Route],
        live: Sequence[ForeignRoute | WebSocketRoute],
        edge: Edge,
        cors: Cors,
        addresses: ClientAddresses,
    ) -> None:
        self._table: Dispatch[Target] = Dispatch([*_own(routes, edge), *_foreign(live)])
        self._limits, self._authentication = edge.rate_limits, edge.authentication
        self._options = {route.operation.path: route.operation.options for route in routes}
        self._cors = cors
        self._addresses = addresses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or socket (ASGI 3)."""
        if scope["type"] not in ("http", "websocket"):
            return
        fields = header_fields(scope["headers"])
        call = Call(scope, fields, request_id_of(fields))
        call.address = self._addresses.of(scope, call.field("x-forwarded-for"))
        exchange = Exchange(send, call.request_id, self._cors.fields(call.field("origin")))
        match, refusal = self._find(scope, call.path)
        template = match.template if match else _UNMATCHED
        with _observed(call, template, exchange, measured=_is_short(match)):
            try:
                if match is None or not isinstance(match.target, Endpoint):
                    await self._count(call, match, exchange)
                if match is None or refusal is not None:
                    raise refusal or errors.Internal
                await self._serve(call, match, receive, exchange)
            except Exception as error:
                await _fail(call, error, exchange)

    def visit(self, method: str, target: bytes) -> Visit | None:
        """Whom a request will wait with, by its method and target; None for what waits for nobody.

        Paths that are not there, and methods that a path has not, are answered as ever.
        """
        raw, _, query = target.partition(b"?")
        encoded = raw.decode("ascii", "replace")
        path = unquote(encoded) if "%" in encoded else encoded
        try:
            match = self._table.find(method, path, encoded)
        except AppError:
            return None
        if not isinstance(match.target, Endpoint) or match.target.crowd is None:
            return None
        if match.target.is_at_hand(path, query):
            return None
        is_hot = match.target.operation.hot is not None
        return Visit(method, match.template, match.target.crowd, counts_early=not is_hot)

    async def _count(self, call: Call, match: Match[Target] | None, exchange: Exchange) -> None:
        """Count what no operation counts: what is not there, questions about what is, streams.

        A socket has no answer to say it in.
        """
        if call.scope["type"] == "websocket" and match is not None:
            return
        if match is not None and match.target is not None:
            # By the token in the header; who opens a stream without one is an address.
            shown = call.field("authorization")
            call.principal = await self._authentication.recognise(shown)
        try:
            exchange.carry(await self._limits.take(call, ""))
        except LimitReached as error:
            exchange.carry(error.fields)
            raise

    def _find(self, scope: Scope, raw_path: str) -> tuple[Match[Target] | None, AppError | None]:
        method = WEBSOCKET if scope["type"] == "websocket" else scope["method"]
        try:
            return self._table.find(method, scope["path"], raw_path), None
        except AppError as error:
            return None, error

    async def _serve(
        self, call: Call, match: Match[Target], receive: Receive, exchange: Exchange
    ) -> None:
        if match.target is None:
            wanted = call.field("access-control-request-method")
            answer = self._cors.options(call.field("origin"), wanted, match.allow)
            for name, value in self._options.get(match.template, ()):
                answer.add(name, value)
        elif isinstance(match.target, Endpoint):
            answer = await match.target.serve(call, match.parameters, receive)
        else:
            call.scope["path_params"] = dict(match.parameters)
            await match.target(call.scope, receive, exchange.send)
            return
        await answer.send(exchange.send, with_body=call.scope["method"] != "HEAD")


def _own(routes: Sequence[Route], edge: Edge) -> Iterator[tuple[str, str, Target]]:
    for route in routes:
        names = list(compile_path(route.operation.path)[2])
        yield route.operation.method, route.operation.path, Endpoint(route, names, edge)


def _foreign(
    routes: Sequence[ForeignRoute | WebSocketRoute],
) -> Iterator[tuple[str, str, Target]]:
    for route in routes:
        if isinstance(route, WebSocketRoute):
            yield WEBSOCKET, route.path, route.app
        else:
            for method in (route.methods or {"GET"}) - {"HEAD"}:
                yield method, route.path, route.app


def _is_short(match: Match[Target] | None) -> bool:
    """Whether the time that a request takes says how fast the gateway is."""
    return match is None or match.target is None or isinstance(match.target, Endpoint)


@contextmanager
def _observed(call: Call, template: str, exchange: Exchange, *, measured: bool) -> Iterator[None]:
    """Trace, log context and metrics around one request."""
    started = time.perf_counter()
    method = call.scope.get("method", WEBSOCKET)
    method = method if method in _METHODS else "other"
    if measured:
        metrics.HTTP_IN_FLIGHT.inc()
    structlog.contextvars.bind_contextvars(request_id=call.request_id)
    parent = tracing.root_context(call.fields)
    try:
        with tracing.span(f"{method} {template}", parent=parent, kind=SpanKind.SERVER):
            yield
            seconds = time.perf_counter() - started
            count(method, template, exchange.status, seconds if measured else None)
            if exchange.status >= 500:
                _log(method, template, exchange.status)
    finally:
        structlog.contextvars.clear_contextvars()
        if measured:
            metrics.HTTP_IN_FLIGHT.dec()


_METHODS: Final = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", WEBSOCKET}


def _log(method: str, template: str, status: int) -> None:
    logs.get(__name__).warning("request failed", method=method, route=template, status=status)


async def _fail(call: Call, error: Exception, exchange: Exchange) -> None:
    """Answer an error; what nobody foresaw is logged whole and leaves without detail."""
    known = error if isinstance(error, AppError) else errors.Internal()
    if known is not error:
        logs.get(__name__).error("request crashed", exc_info=error)
    if exchange.status:
        return
    answer = answer_of(known, call.request_id)
    if call.scope["type"] == "http":
        await answer.send(exchange.send, with_body=call.scope["method"] != "HEAD")
    else:
        await _deny(call.scope, answer, exchange)


async def _deny(scope: Scope, answer: Answer, exchange: Exchange) -> None:
    """Refuse a socket before it is one, with the envelope where the server can send it."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await exchange.send({"type": "websocket.close", "code": 1008})
        return

    async def send(message: Message) -> None:
        await exchange.send({**message, "type": f"websocket.{message['type']}"})

    await answer.send(send)
