"""What is counted of every request."""

from functools import lru_cache

from opentelemetry import trace
from opentelemetry.trace import StatusCode
from prometheus_client import Counter, Histogram
from service_kit import metrics, tracing


def count(method: str, template: str, status: int, seconds: float | None) -> None:
    """Count an answer, with the time it took where that says something, and mark its span."""
    span = trace.get_current_span()
    span.set_attribute("http.response.status_code", status)
    requests, duration = _counters(method, template, str(status))
    requests.inc()
    if seconds is not None:
        duration.observe(seconds, tracing.exemplar())
    if status >= 500:
        span.set_status(StatusCode.ERROR)


@lru_cache(maxsize=4096)
def _counters(method: str, template: str, status: str) -> tuple[Counter, Histogram]:
    """Of a route and status; looking them up by their labels takes longer than counting."""
    labels = (method, template, status)
    return metrics.HTTP_REQUESTS.labels(*labels), metrics.HTTP_DURATION.labels(*labels)
