"""The metric catalogue: every metric of the platform, once, with its meaning."""

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

FAST: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds; the read objective (100 ms) and the delivery objective (1 s) are bucket bounds."""


def _counter(name: str, meaning: str, labels: Sequence[str]) -> Counter:
    return Counter(f"pinstack_{name}", meaning, labels)


def _gauge(name: str, meaning: str, labels: Sequence[str]) -> Gauge:
    return Gauge(f"pinstack_{name}", meaning, labels, multiprocess_mode="livesum")


def _histogram(name: str, meaning: str, labels: Sequence[str]) -> Histogram:
    return Histogram(f"pinstack_{name}", meaning, labels, buckets=FAST)


def from_zero(metric: Counter, *values: Iterable[str]) -> None:
    """Have every combination of label values from the start, so that the first one counts.

    Prometheus sees no increase in a counter that appears as 1, and no alert would come of it.
    """
    for combination in product(*values):
        metric.labels(*combination)


HTTP_REQUESTS = _counter(
    "http_requests_total", "HTTP requests answered.", ("method", "route", "status")
)
HTTP_DURATION = _histogram(
    "http_request_duration_seconds",
    "Time from the first byte of a request to the last of its answer.",
    ("method", "route", "status"),
)
HTTP_IN_FLIGHT = _gauge("http_requests_in_flight", "HTTP requests being answered now.", ())

GRPC_CLIENT_REQUESTS = _counter(
    "grpc_client_requests_total", "gRPC calls made.", ("service", "method", "code")
)
GRPC_CLIENT_DURATION = _histogram(
    "grpc_client_request_duration_seconds",
    "Duration of gRPC calls as their caller saw it.",
    ("service", "method", "code"),
)
GRPC_SERVER_REQUESTS = _counter(
    "grpc_server_requests_total", "gRPC calls served.", ("service", "method", "code")
)
GRPC_SERVER_DURATION = _histogram(
    "grpc_server_request_duration_seconds",
    "Duration of gRPC calls as their server saw it.",
    ("service", "method", "code"),
)

PROXY_REQUESTS = _counter(
    "proxy_requests_total",
    "Requests that the gateway handed to a service.",
    ("service", "route", "code"),
)
PROXY_ERRORS = _counter(
    "proxy_errors_total",
    "Requests that a service answered with an error.",
    ("service", "route", "code"),
)
AUTHENTICATION = _counter(
    "authentication_total", "Callers identified, or not.", ("result", "reason")
)
AUTHORIZATION = _counter("authorization_total", "Callers permitted, or not.", ("result", "reason"))
RATE_LIMITED = _counter("rate_limited_total", "Requests refused by a rate limit.", ("scope",))
SHED = _counter("shed_total", "Requests refused because too many were in flight.", ("scope",))

DB_POOL_CONNECTIONS = _gauge(
    "db_pool_connections",
    "Connections that a pool may have, by state (used, idle, unopened).",
    ("service", "state"),
)
DB_QUERY_DURATION = _histogram(
    "db_query_duration_seconds", "Duration of SQL statements.", ("service", "query")
)
DB_TRANSACTIONS = _counter(
    "db_transactions_total",
    "Transactions, by outcome (committed, rolled_back).",
    ("service", "outcome"),
)

CACHE_REQUESTS = _counter(
    "cache_requests_total",
    "Cache look-ups, by result (hit, miss, stale, bypass).",
    ("cache", "result"),
)
CACHE_OPERATION_DURATION = _histogram(
    "cache_operation_duration_seconds", "Duration of cache operations.", ("cache", "operation")
)

OUTBOX_UNSENT = _gauge("outbox_unsent", "Events committed and not yet published.", ("service",))
OUTBOX_OLDEST = _gauge(
    "outbox_oldest_seconds", "Age of the oldest unpublished event.", ("service",)
)
OUTBOX_PUBLISHED = _counter(
    "outbox_published_total",
    "Attempts to publish an event, by outcome (sent, failed).",
    ("service", "outcome"),
)

CONSUMER_LAG = _gauge(
    "consumer_lag", "Events of a topic that a group has not yet handled.", ("topic", "group")
)
CONSUMER_EVENTS = _counter(
    "consumer_events_total",
    "Events consumed, by outcome (handled, retried, dead_lettered).",
    ("topic", "group", "type", "outcome"),
)
CONSUMER_EVENT_DURATION = _histogram(
    "consumer_event_duration_seconds",
    "Time to handle one batch of events.",
    ("topic", "group"),
)
DEAD_LETTERS = _counter(
    "dead_letters_total", "Events put into a dead-letter topic.", ("topic", "group", "type")
)

LIVE_CONNECTIONS = _gauge("live_connections", "Open live connections.", ("carrier",))
LIVE_FRAMES = _counter(
    "live_frames_total", "Frames for live connections, by outcome.", ("carrier", "outcome")
)
LIVE_DELIVERY = _histogram(
    "live_delivery_seconds", "Time from commit of a notification to its frame.", ("carrier",)
)
LIVE_RESUMED = _counter(
    "live_resumed_total",
    "Live connections that resumed, by outcome (caught_up, reset).",
    ("carrier", "outcome"),
)

REGISTRATIONS = _counter("registrations_total", "Accounts asked for, by outcome.", ("outcome",))
LOGINS = _counter("logins_total", "Attempts to log in, by outcome.", ("outcome",))
PASSWORD_HASHES = _counter(
    "password_hashes_total", "Passwords hashed or held against a hash: each takes a core.", ()
)
POSTS = _counter("posts_total", "Posts, by action (created, updated, deleted).", ("action",))
FOLLOWS = _counter("follows_total", "Follow relations, by action.", ("action",))
NOTIFICATIONS = _counter("notifications_total", "Notifications stored, by type.", ("type",))

MEDIA_UPLOADS = _counter(
    "media_uploads_total", "Files that arrived, by type and outcome.", ("type", "outcome")
)
MEDIA_BYTES = _counter(
    "media_bytes_total", "Bytes of files, by direction (taken, read).", ("direction",)
)
MEDIA_PROCESSING_DURATION = _histogram(
    "media_processing_duration_seconds",
    "Time that a file was worked on, by type and outcome.",
    ("type", "outcome"),
)

EVENT_LOOP_LAG = _histogram(
    "event_loop_lag_seconds", "How late the event loop runs a due timer.", ("service",)
)
