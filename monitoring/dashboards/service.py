"""One dashboard a service, from one template."""

from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Dashboard, Panel

from dashboards.panels import Query, Section, board, graph, number
from dashboards.promql import per_second, quantile, share

SERVED: Final = "pinstack_grpc_server_requests_total"
SERVED_DURATION: Final = "pinstack_grpc_server_request_duration_seconds"
FAULTS: Final = 'code=~"INTERNAL|UNKNOWN|UNAVAILABLE|DEADLINE_EXCEEDED|DATA_LOSS"'


@dataclass(frozen=True, slots=True)
class Traits:
    """What one service has that another has not."""

    caches: bool = False
    publishes: bool = False
    consumes: bool = False
    calls: bool = False
    hashes: bool = False


SERVICES: Final = {
    "user-service": Traits(caches=True, publishes=True),
    "auth-service": Traits(consumes=True, calls=True, hashes=True),
    "post-service": Traits(publishes=True, consumes=True),
    "relation-service": Traits(publishes=True, consumes=True, calls=True),
    "notification-service": Traits(publishes=True, consumes=True, calls=True),
}


def service(name: str, traits: Traits) -> Dashboard:
    """The dashboard of the service `name`."""
    title = name.replace("-", " ").capitalize()
    sections = [_served(name), _database(name), _events(name, traits), _calls(name, traits)]
    known = [section for section in [*sections, process_section(name)] if section.panels]
    return board(name, title, f"What {name} serves, stores and says.", known, "service")


def process_section(app: str) -> Section:
    """What every process has."""
    where = f'app="{app}"'
    return Section(
        "Process",
        [
            graph(
                "CPU",
                Query(per_second("process_cpu_seconds_total", "instance", where), "{{instance}}"),
                unit="percentunit",
                width=6,
            ),
            graph(
                "Memory",
                Query(f"process_resident_memory_bytes{{{where}}}", "{{instance}}"),
                unit="bytes",
                width=6,
            ),
            graph(
                "Event-loop lag",
                *(quantile(q, "pinstack_event_loop_lag_seconds", where=where) for q in (0.5, 0.99)),
                unit="s",
                width=6,
            ),
            graph(
                "Garbage collections",
                Query(
                    per_second("python_gc_collections_total", "generation", where),
                    "generation {{generation}}",
                ),
                unit="ops",
                width=6,
            ),
        ],
    )


def _served(name: str) -> Section:
    where = f'app="{name}"'
    return Section(
        "Served",
        [
            number("Up", Query(f"sum(up{{{where}}})")),
            number("Calls", Query(per_second(SERVED, where=where)), "reqps"),
            number("Faults", Query(share(SERVED, FAULTS, where)), "percentunit"),
            number("p99", quantile(0.99, SERVED_DURATION, where=where), "s"),
            graph(
                "Calls by method",
                Query(per_second(SERVED, "method", where), "{{method}}"),
                unit="reqps",
            ),
            graph(
                "Calls by code", Query(per_second(SERVED, "code", where), "{{code}}"), unit="reqps"
            ),
            graph(
                "p99 by method",
                quantile(0.99, SERVED_DURATION, "method", where, "{{method}}"),
                unit="s",
            ),
        ],
    )


def _database(name: str) -> Section:
    where = f'app="{name}"'
    return Section(
        "Database",
        [
            graph(
                "Pool",
                Query(f"sum by (state) (pinstack_db_pool_connections{{{where}}})", "{{state}}"),
            ),
            graph(
                "p99 by query",
                quantile(0.99, "pinstack_db_query_duration_seconds", "query", where, "{{query}}"),
                unit="s",
            ),
            graph(
                "Transactions",
                Query(
                    per_second("pinstack_db_transactions_total", "outcome", where), "{{outcome}}"
                ),
                unit="ops",
            ),
        ],
    )


def _events(name: str, traits: Traits) -> Section:
    where = f'app="{name}"'
    panels: list[Builder[Panel]] = []
    if traits.publishes:
        published = per_second("pinstack_outbox_published_total", "outcome", where)
        panels += [
            graph("Outbox: unsent", Query(f"max(pinstack_outbox_unsent{{{where}}})", "events")),
            graph("Outbox: published", Query(published, "{{outcome}}"), unit="ops"),
        ]
    if traits.consumes:
        panels.append(
            graph(
                "Consumed",
                Query(
                    per_second("pinstack_consumer_events_total", "type, outcome", where),
                    "{{type}} {{outcome}}",
                ),
                unit="ops",
            )
        )
    return Section("Events", panels)


def _calls(name: str, traits: Traits) -> Section:
    where = f'app="{name}"'
    panels: list[Builder[Panel]] = []
    if traits.calls:
        panels.append(
            graph(
                "Calls to others, by code",
                Query(
                    per_second("pinstack_grpc_client_requests_total", "service, code", where),
                    "{{service}} {{code}}",
                ),
                unit="reqps",
                width=12,
            )
        )
    if traits.hashes:
        hashes = per_second("pinstack_password_hashes_total", where=where)
        panels.append(graph("Password hashes", Query(hashes, "hashes"), unit="ops", width=12))
    if traits.caches:
        panels += cache_panels(where)
    return Section("Others", panels)


def cache_panels(where: str) -> list[Builder[Panel]]:
    """How much Redis spares the database, and how long it takes."""
    return [
        graph(
            "Cache look-ups",
            Query(
                per_second("pinstack_cache_requests_total", "cache, result", where),
                "{{cache}} {{result}}",
            ),
            unit="ops",
            width=6,
        ),
        graph(
            "Cache operations, p99",
            quantile(
                0.99,
                "pinstack_cache_operation_duration_seconds",
                "cache, operation",
                where,
                "{{cache}} {{operation}}",
            ),
            unit="s",
            width=6,
        ),
    ]
