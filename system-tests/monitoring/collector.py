"""An OTLP collector that keeps what it is sent."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)


@dataclass(frozen=True, slots=True)
class Exported:
    """A span, and the process that made it."""

    app: str
    name: str
    trace_id: str
    error: bool
    text: str


class Collector(TraceServiceServicer):
    """Spans in the order of their coming; `port` is where OTLP over gRPC is taken."""

    def __init__(self) -> None:
        self.port = 0
        self._lock = threading.Lock()
        self._spans: list[Exported] = []

    def Export(self, request: ExportTraceServiceRequest, _context: Any) -> Any:
        """Take spans (the RPC)."""
        found = list(_exported(request))
        with self._lock:
            self._spans += found
        return ExportTraceServiceResponse()

    def spans(self, trace_id: str = "") -> list[Exported]:
        """What has come, of one trace or of all."""
        with self._lock:
            return [span for span in self._spans if trace_id in ("", span.trace_id)]


def _exported(request: ExportTraceServiceRequest) -> Iterator[Exported]:
    for resource in request.resource_spans:
        attributes = {one.key: one.value.string_value for one in resource.resource.attributes}
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield Exported(
                    app=attributes["service.name"],
                    name=span.name,
                    trace_id=span.trace_id.hex(),
                    error=span.status.code == span.status.STATUS_CODE_ERROR,
                    text=str(span),
                )


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector on a free port while the block runs."""
    collector = Collector()
    server = grpc.server(ThreadPoolExecutor(4))
    add_TraceServiceServicer_to_server(collector, server)  # type: ignore[no-untyped-call, unused-ignore]
    collector.port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield collector
    finally:
        server.stop(1).wait()
