"""Platform overview: whether it works, for whom it does not, and which part it is."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.panels import Query, Section, board, graph, number
from dashboards.promql import per_second, quantile, share

READS = 'method="GET"'


def overview() -> Dashboard:
    """The first page."""
    sections = [_objectives(), _traffic(), _people(), _files(), _parts()]
    return board("overview", "Platform overview", "Is everything well?", sections, "overview")


def _objectives() -> Section:
    ratio = "pinstack:{}:ratio_rate1h"
    return Section(
        "Objectives",
        [
            number(
                "Answered, last hour",
                Query(f"1 - {ratio.format('availability_errors')}"),
                "percentunit",
                "Objective: 99.9 % of requests are not answered with a 5xx.",
            ),
            number(
                "Reads within 100 ms, last hour",
                Query(f"1 - {ratio.format('slow_reads')}"),
                "percentunit",
                "Objective: 99 %.",
            ),
            number(
                "Frames within 1 s, last hour",
                Query(f"1 - {ratio.format('late_deliveries')}"),
                "percentunit",
                "Objective: 99 %, from commit to frame.",
            ),
            number("Processes up", Query('sum(up{job="pinstack"})')),
            number("Processes down", Query('sum(up{job="pinstack"} == bool 0)')),
            number("Live connections", Query("sum(pinstack_live_connections)")),
        ],
    )


def _traffic() -> Section:
    return Section(
        "Traffic",
        [
            graph(
                "Requests",
                Query(per_second("pinstack_http_requests_total", "status"), "{{status}}"),
                unit="reqps",
            ),
            graph(
                "Errors (5xx)",
                Query(share("pinstack_http_requests_total", 'status=~"5.."'), "share of requests"),
                unit="percentunit",
            ),
            graph(
                "Duration of reads",
                *(
                    quantile(q, "pinstack_http_request_duration_seconds", where=READS)
                    for q in (0.5, 0.95, 0.99)
                ),
                unit="s",
            ),
            graph(
                "Commit to frame",
                *(quantile(q, "pinstack_live_delivery_seconds") for q in (0.5, 0.95, 0.99)),
                unit="s",
            ),
            graph(
                "Served by service",
                Query(per_second("pinstack_grpc_server_requests_total", "app"), "{{app}}"),
                unit="reqps",
            ),
            graph(
                "Oldest unpublished event",
                Query("max by (service) (pinstack_outbox_oldest_seconds)", "{{service}}"),
                unit="s",
            ),
        ],
    )


def _people() -> Section:
    counters = {
        "Registrations": ("pinstack_registrations_total", "outcome"),
        "Logins": ("pinstack_logins_total", "outcome"),
        "Posts": ("pinstack_posts_total", "action"),
        "Follows": ("pinstack_follows_total", "action"),
        "Notifications": ("pinstack_notifications_total", "type"),
    }
    return Section(
        "What people do",
        [
            graph(title, Query(per_second(metric, label), f"{{{{{label}}}}}"), unit="ops", width=6)
            for title, (metric, label) in counters.items()
        ],
    )


def _files() -> Section:
    duration = "pinstack_media_processing_duration_seconds"
    return Section(
        "Pictures and clips",
        [
            graph(
                "Uploads",
                Query(per_second("pinstack_media_uploads_total", "outcome"), "{{outcome}}"),
                unit="ops",
            ),
            graph(
                "Bytes",
                Query(per_second("pinstack_media_bytes_total", "direction"), "{{direction}}"),
                unit="Bps",
            ),
            graph(
                "Processing, p95",
                quantile(0.95, duration, "outcome", legend="{{outcome}}"),
                unit="s",
            ),
        ],
    )


def _parts() -> Section:
    return Section(
        "Processes",
        [
            graph(
                "CPU",
                Query(per_second("process_cpu_seconds_total", "app"), "{{app}}"),
                unit="percentunit",
            ),
            graph(
                "Memory",
                Query("sum by (app) (process_resident_memory_bytes)", "{{app}}"),
                unit="bytes",
            ),
            graph(
                "Event-loop lag, p99",
                quantile(0.99, "pinstack_event_loop_lag_seconds", "app", legend="{{app}}"),
                unit="s",
            ),
        ],
    )
