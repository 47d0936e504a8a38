"""What telemetry costs: the same requests with traces exported and metrics scraped, and without."""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

import grpc
import httpx

from load import platform
from load.bench import Bench
from load.generators import wrk
from load.paired import paired
from load.platform import Platform
from load.registry import benchmark
from load.requests import reads

KEPT: Final = "BENCH_TRACES_KEPT"
"""The share of traces that is kept; one in a hundred is still dozens a second under such a load."""
SCENARIOS: Final = ("post_hot", "list_20", "feed")
SCRAPE_SECONDS: Final = 5.0
PAIRS: Final = 5


@benchmark("telemetry", "reads with traces exported and metrics scraped, against without")
def telemetry(bench: Bench) -> None:
    """Two platforms side by side, driven in turns."""
    kept = os.environ.get(KEPT) or "0.01"
    seconds = max(1.0, bench.seconds / PAIRS)
    with _collector() as endpoint:
        told = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_TRACES_SAMPLER_ARG": kept}
        with platform.running(told) as watched, _scraped(watched):
            for name in SCENARIOS:
                on = partial(wrk, watched.url, reads(watched.people)[name], seconds)
                off = partial(wrk, bench.platform.url, reads(bench.platform.people)[name], seconds)
                found = paired(on, off, PAIRS)
                bench.scenario(f"telemetry_on_{name}", found.this)
                bench.scenario(f"telemetry_off_{name}", found.that)
                bench.ratio(f"telemetry_on/telemetry_off {name}", found.ratio)
    bench.note("share of traces kept", float(kept))


@contextmanager
def _collector() -> Iterator[str]:
    """Somebody who takes spans (OTLP over gRPC) and forgets them unread."""
    take: Any = grpc.unary_unary_rpc_method_handler(lambda _request, _context: b"")
    service = "opentelemetry.proto.collector.trace.v1.TraceService"
    handler = grpc.method_handlers_generic_handler(service, {"Export": take})
    server = grpc.server(ThreadPoolExecutor(2))
    server.add_generic_rpc_handlers((handler,))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop(1).wait()


@contextmanager
def _scraped(watched: Platform) -> Iterator[None]:
    """All processes asked for their metrics every few seconds, as Prometheus does."""
    ended = threading.Event()
    urls = [f"{service.instance.admin_url}/metrics" for service in watched.stack.services]
    accept: Any = {"accept": "application/openmetrics-text;version=1.0.0"}

    def scrape() -> None:
        with httpx.Client(headers=accept, timeout=10) as http:
            while not ended.wait(SCRAPE_SECONDS):
                for url in urls:
                    http.get(url).raise_for_status()

    with ThreadPoolExecutor(1) as executor:
        scraping = executor.submit(scrape)
        try:
            yield
        finally:
            ended.set()
    scraping.result()
