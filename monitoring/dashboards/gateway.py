"""The gateway: every route, who is refused and why, and what waits behind it."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.panels import Query, Section, board, graph, number
from dashboards.promql import per_second, quantile, share
from dashboards.service import process_section

REQUESTS = "pinstack_http_requests_total"
DURATION = "pinstack_http_request_duration_seconds"
APP = "api-gateway"


def gateway() -> Dashboard:
    """The edge, from the client's side in."""
    sections = [_now(), _routes(), _refused(), _behind(), process_section(APP)]
    return board("gateway", "Gateway", "What clients ask, and what they get.", sections, "service")


def _now() -> Section:
    return Section(
        "Now",
        [
            number("Requests", Query(per_second(REQUESTS)), "reqps"),
            number("In flight", Query("sum(pinstack_http_requests_in_flight)")),
            number("5xx", Query(share(REQUESTS, 'status=~"5.."')), "percentunit"),
            number("4xx", Query(share(REQUESTS, 'status=~"4.."')), "percentunit"),
            number("p99", quantile(0.99, DURATION), "s"),
            number("Shed", Query(per_second("pinstack_shed_total", where=f'app="{APP}"')), "reqps"),
        ],
    )


def _routes() -> Section:
    return Section(
        "Routes",
        [
            graph(
                "Requests by route",
                Query(per_second(REQUESTS, "method, route"), "{{method}} {{route}}"),
                unit="reqps",
                width=12,
            ),
            graph(
                "p99 by route",
                quantile(0.99, DURATION, "method, route", legend="{{method}} {{route}}"),
                unit="s",
                width=12,
            ),
            graph("Requests by status", Query(per_second(REQUESTS, "status"), "{{status}}")),
            graph("Duration", *(quantile(q, DURATION) for q in (0.5, 0.9, 0.99)), unit="s"),
            graph(
                "Answers with 5xx by route",
                Query(share(REQUESTS, 'status=~"5.."', by="route"), "{{route}}"),
                unit="percentunit",
            ),
        ],
    )


def _refused() -> Section:
    names = {
        "Authentication": ("pinstack_authentication_total", "result, reason"),
        "Authorization": ("pinstack_authorization_total", "result, reason"),
    }
    who = [
        graph(title, Query(per_second(metric, by), "{{result}} {{reason}}"), unit="reqps", width=6)
        for title, (metric, by) in names.items()
    ]
    return Section(
        "Who may",
        [
            *who,
            graph(
                "Rate limited, by scope",
                Query(per_second("pinstack_rate_limited_total", "scope"), "{{scope}}"),
                unit="reqps",
                width=6,
            ),
            graph(
                "Shed, by scope",
                Query(per_second("pinstack_shed_total", "scope"), "{{scope}}"),
                unit="reqps",
                width=6,
                meaning="Refused at once because too many were in flight.",
            ),
        ],
    )


def _behind() -> Section:
    where = f'app="{APP}"'
    return Section(
        "Behind it",
        [
            graph(
                "Handed to services",
                Query(per_second("pinstack_proxy_requests_total", "service"), "{{service}}"),
                unit="reqps",
            ),
            graph(
                "Refused or failed there",
                Query(
                    per_second("pinstack_proxy_errors_total", "service, code"),
                    "{{service}} {{code}}",
                ),
                unit="reqps",
            ),
            graph(
                "gRPC calls made, p99",
                quantile(
                    0.99,
                    "pinstack_grpc_client_request_duration_seconds",
                    "service, method",
                    where,
                    "{{service}}/{{method}}",
                ),
                unit="s",
            ),
            graph(
                "gRPC calls made, by code",
                Query(
                    per_second("pinstack_grpc_client_requests_total", "service, code", where),
                    "{{service}} {{code}}",
                ),
                unit="reqps",
            ),
        ],
    )
