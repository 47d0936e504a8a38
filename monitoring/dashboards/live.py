"""The live channel: who is connected, what they are sent, and how late."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.panels import Query, Section, board, graph, number
from dashboards.promql import per_second, quantile, share

FRAMES = "pinstack_live_frames_total"
DELIVERY = "pinstack_live_delivery_seconds"


def live() -> Dashboard:
    """WebSocket and SSE."""
    sections = [_now(), _delivery(), _connections()]
    return board("live", "Live channel", "From commit to frame.", sections, "live")


def _now() -> Section:
    return Section(
        "Now",
        [
            number("Connections", Query("sum(pinstack_live_connections)")),
            number("Frames", Query(per_second(FRAMES, where='outcome="sent"')), "ops"),
            number("Dropped", Query(share(FRAMES, 'outcome="dropped"')), "percentunit"),
            number("p50", quantile(0.5, DELIVERY), "s"),
            number("p99", quantile(0.99, DELIVERY), "s", "Objective: 1 s."),
            number(
                "Late, last hour", Query("pinstack:late_deliveries:ratio_rate1h"), "percentunit"
            ),
        ],
    )


def _delivery() -> Section:
    return Section(
        "Delivery",
        [
            graph(
                "Commit to frame",
                *(quantile(q, DELIVERY) for q in (0.5, 0.9, 0.99)),
                unit="s",
                width=12,
            ),
            graph(
                "Commit to frame by carrier, p99",
                quantile(0.99, DELIVERY, "carrier", legend="{{carrier}}"),
                unit="s",
                width=12,
            ),
            graph(
                "Frames",
                Query(per_second(FRAMES, "carrier, outcome"), "{{carrier}} {{outcome}}"),
                unit="ops",
            ),
            graph(
                "Notifications stored, by type",
                Query(per_second("pinstack_notifications_total", "type"), "{{type}}"),
                unit="ops",
            ),
            graph(
                "Calls that notification-service serves, p99",
                quantile(
                    0.99,
                    "pinstack_grpc_server_request_duration_seconds",
                    "method",
                    'app="notification-service", method!="Subscribe"',
                    "{{method}}",
                ),
                unit="s",
            ),
        ],
    )


def _connections() -> Section:
    return Section(
        "Connections",
        [
            graph(
                "Open, by carrier",
                Query("sum by (carrier) (pinstack_live_connections)", "{{carrier}}"),
            ),
            graph(
                "Open, by gateway",
                Query("sum by (instance) (pinstack_live_connections)", "{{instance}}"),
            ),
            graph(
                "Resumed",
                Query(
                    per_second("pinstack_live_resumed_total", "carrier, outcome"),
                    "{{carrier}} {{outcome}}",
                ),
                unit="ops",
                meaning="Many at once: a gateway has ended, or a network was away.",
            ),
        ],
    )
