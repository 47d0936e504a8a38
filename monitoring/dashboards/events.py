"""Events and outbox: from the transaction to the consumer, and what got stuck on the way."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards.panels import Query, Section, board, graph, number
from dashboards.promql import per_second, quantile

EVENTS = "pinstack_consumer_events_total"


def events() -> Dashboard:
    """Nothing is lost; here is where it waits."""
    sections = [_now(), _outbox(), _consumers()]
    return board("events", "Events and outbox", "Who waits for what.", sections, "events")


def _now() -> Section:
    return Section(
        "Now",
        [
            number("Unsent", Query("sum(pinstack_outbox_unsent)")),
            number("Oldest unsent", Query("max(pinstack_outbox_oldest_seconds)"), "s"),
            number("Not yet handled", Query("sum(pinstack_consumer_lag)")),
            number("Published", Query(per_second("pinstack_outbox_published_total")), "ops"),
            number("Consumed", Query(per_second(EVENTS)), "ops"),
            number(
                "Dead letters, last day", Query("sum(increase(pinstack_dead_letters_total[1d]))")
            ),
        ],
    )


def _outbox() -> Section:
    published = per_second("pinstack_outbox_published_total", "service, outcome")
    return Section(
        "Outbox",
        [
            graph("Unsent", Query("max by (service) (pinstack_outbox_unsent)", "{{service}}")),
            graph(
                "Age of the oldest unsent",
                Query("max by (service) (pinstack_outbox_oldest_seconds)", "{{service}}"),
                unit="s",
            ),
            graph("Published", Query(published, "{{service}} {{outcome}}"), unit="ops"),
        ],
    )


def _consumers() -> Section:
    dead = "sum by (topic, group, type) (increase(pinstack_dead_letters_total[1h]))"
    return Section(
        "Consumers",
        [
            graph(
                "Lag",
                Query("sum by (topic, group) (pinstack_consumer_lag)", "{{group}} {{topic}}"),
                width=12,
            ),
            graph(
                "Consumed, by outcome",
                Query(per_second(EVENTS, "group, outcome"), "{{group}} {{outcome}}"),
                unit="ops",
                width=12,
            ),
            graph("Consumed, by type", Query(per_second(EVENTS, "type"), "{{type}}"), unit="ops"),
            graph(
                "Time to handle a batch, p99",
                quantile(
                    0.99,
                    "pinstack_consumer_event_duration_seconds",
                    "topic, group",
                    legend="{{group}} {{topic}}",
                ),
                unit="s",
            ),
            graph("Dead letters in an hour", Query(dead, "{{group}} {{topic}} {{type}}")),
        ],
    )
