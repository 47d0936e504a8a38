"""Who is refused as soon as the head of a request is read, and with which bytes."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Final

from opentelemetry.trace import SpanKind
from service_kit import metrics, tracing

from api_gateway.adapters.http.cors import Cors
from api_gateway.adapters.http.counters import count
from api_gateway.adapters.http.crowd import Crowd
from api_gateway.adapters.http.errors import Overloaded, answer_of, status_of
from api_gateway.adapters.http.exchange import common_fields, header_fields, request_id_of

_STATUS: Final = HTTPStatus(status_of(Overloaded()))
_SCOPE: Final = "http"
_MARK: Final = "~"
"""Stands for a character of a request id, and is none."""
Lines = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Visit:
    """A request that will wait for a service: its method, its route, who else waits.

    A hot read does not count before it turns out that its answer is not kept.
    """

    method: str
    template: str
    crowd: Crowd
    counts_early: bool = True


Find = Callable[[str, bytes], Visit | None]


class Door:
    """Refuses before a request has cost anything: no task, no scope, no look at its body.

    `connections` are those that requests come on; sockets wait for nothing.
    """

    def __init__(self, find: Find, cors: Cors) -> None:
        """`find` gives the visit of a method and a target, None for what is never refused."""
        self.find = find
        self.connections = 0
        self._cors = cors
        metrics.from_zero(metrics.SHED, [_SCOPE])
        self._shed = metrics.SHED.labels(_SCOPE)

    def refusal(self, visit: Visit, headers: Lines, server: Lines, *, closes: bool) -> bytes:
        """The whole answer to a visit that is one too many, which is counted by it.

        `headers` are those of the request with names in lower case, `server` those that the
        server gives to every answer.
        """
        fields = header_fields(headers)
        request_id = request_id_of(fields)
        made, body = _made(
            int(time.time()),
            len(request_id),
            (*server, *self._cors.fields(fields.get("origin"))),
            closes,
        )
        whole = b"%btraceparent: %b\r\n\r\n%b" % (
            made,
            self._traced(visit, fields).encode(),
            b"" if visit.method == "HEAD" else body,
        )
        return whole.replace((_MARK * len(request_id)).encode(), request_id.encode())

    def _traced(self, visit: Visit, fields: Mapping[str, str]) -> str:
        """Count as every answer is counted; the `traceparent` of the span, if one is kept."""
        if tracing.is_off() and "traceparent" not in fields:
            self._shed.inc()
            count(visit.method, visit.template, _STATUS, 0.0)
            return tracing.fresh_traceparent()
        name, parent = f"{visit.method} {visit.template}", tracing.root_context(fields)
        with tracing.span(name, parent=parent, kind=SpanKind.SERVER):
            self._shed.inc()
            count(visit.method, visit.template, _STATUS, 0.0)
            return tracing.traceparent() or ""


@lru_cache(maxsize=64)
def _made(
    second: int,  # noqa: ARG001 - the moment that the answer tells
    length: int,
    fields: Lines,
    closes: bool,
) -> tuple[bytes, bytes]:
    """The head but for its end, and the body, for a request id of so many characters."""
    answer = answer_of(Overloaded(retry_after=1), _MARK * length)
    lines = [*fields, *answer.head()]
    lines += common_fields(_MARK * length, [], lines)
    if closes:
        lines.append((b"connection", b"close"))
    head = b"".join(b"%b: %b\r\n" % line for line in lines)
    return b"HTTP/1.1 %d %b\r\n%b" % (_STATUS, _STATUS.phrase.encode(), head), answer.body
