"""A collector of traces that keeps what it gets, as it came."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import grpc

_EXPORT: Final = "opentelemetry.proto.collector.trace.v1.TraceService"


@dataclass
class Collector:
    """What has been exported, as bytes, and where to."""

    endpoint: str = ""
    exported: list[bytes] = field(default_factory=list)

    def take(self, request: bytes, _context: object) -> bytes:
        """Keep an export; its answer is an empty message."""
        self.exported.append(request)
        return b""


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector that listens while the block runs."""
    collector = Collector()
    handler: grpc.RpcMethodHandler[bytes, bytes]
    handler = grpc.unary_unary_rpc_method_handler(collector.take)
    server = grpc.server(ThreadPoolExecutor(2))
    service = grpc.method_handlers_generic_handler(_EXPORT, {"Export": handler})
    server.add_generic_rpc_handlers((service,))
    collector.endpoint = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield collector
    finally:
        server.stop(None)
