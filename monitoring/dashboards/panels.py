"""The few kinds of panel that all dashboards are made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.builders import (
    common,
    dashboard,
    logs,
    loki,
    prometheus,
    stat,
    table,
    tempo,
    timeseries,
)
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.common import LegendDisplayMode, LegendPlacement, VisibilityMode
from grafana_foundation_sdk.models.dashboard import (
    Dashboard,
    DashboardCursorSync,
    DashboardLinkType,
    DataSourceRef,
    Panel,
)
from grafana_foundation_sdk.models.tempo import SearchTableType

METRICS: Final = DataSourceRef(type_val="prometheus", uid="prometheus")
LOGS: Final = DataSourceRef(type_val="loki", uid="loki")
TRACES: Final = DataSourceRef(type_val="tempo", uid="tempo")
TAG: Final = "pinstack"

WIDTH: Final = 24
"""Of a dashboard, in Grafana's columns."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query and the name of its curves; `exemplars` shows the traces behind a histogram."""

    expression: str
    legend: str = ""
    exemplars: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A titled row of panels."""

    title: str
    panels: Sequence[Builder[Panel]]


def graph(
    title: str, *queries: Query, unit: str = "short", meaning: str = "", width: int = 8
) -> Builder[Panel]:
    """Curves over time; `unit` is one of Grafana's."""
    legend = (
        common.VizLegendOptions()
        .display_mode(LegendDisplayMode.LIST)
        .placement(LegendPlacement.BOTTOM)
        .show_legend(True)
    )
    panel = (
        timeseries.Panel()
        .title(title)
        .description(meaning)
        .datasource(METRICS)
        .unit(unit)
        .min(0)
        .fill_opacity(8)
        .show_points(VisibilityMode.NEVER)
        .legend(legend)
        .height(8)
        .span(width)
    )
    for number, query in enumerate(queries):
        panel = panel.with_target(_metrics_query(query, number))
    return panel


def number(
    title: str, query: Query, unit: str = "short", meaning: str = "", width: int = 4
) -> Builder[Panel]:
    """One number, as it is now, with its recent course behind it."""
    return (
        stat.Panel()
        .title(title)
        .description(meaning)
        .datasource(METRICS)
        .unit(unit)
        .height(4)
        .span(width)
        .with_target(_metrics_query(query, 0))
    )


def lines(title: str, expression: str, width: int = WIDTH) -> Builder[Panel]:
    """Log lines; each opens into its fields, with a link to its trace."""
    query = loki.Dataquery().expr(expression).datasource(LOGS).ref_id("A").max_lines(200)
    return (
        logs.Panel()
        .title(title)
        .datasource(LOGS)
        .show_time(True)
        .wrap_log_message(True)
        .enable_log_details(True)
        .height(10)
        .span(width)
        .with_target(query)
    )


def traces(title: str, traceql: str, width: int = 12) -> Builder[Panel]:
    """Traces that fit a TraceQL query; each opens, with links to its logs."""
    query = (
        tempo.TempoQuery()
        .query(traceql)
        .query_type("traceql")
        .table_type(SearchTableType.TRACES)
        .limit(20)
        .datasource(TRACES)
        .ref_id("A")
    )
    return table.Panel().title(title).datasource(TRACES).height(9).span(width).with_target(query)


def board(
    uid: str, title: str, description: str, sections: Sequence[Section], *tags: str
) -> Dashboard:
    """A dashboard of the platform, linked with all others."""
    link = (
        dashboard.DashboardLink("Pinstack")
        .type(DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .as_dropdown(True)
        .keep_time(True)
    )
    built = (
        dashboard.Dashboard(title)
        .uid(f"pinstack-{uid}")
        .description(description)
        .tags([TAG, *tags])
        .refresh("10s")
        .time("now-1h", "now")
        .timezone("browser")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .readonly()
        .link(link)
    )
    for section in sections:
        built = built.with_row(dashboard.Row(section.title))
        for panel in section.panels:
            built = built.with_panel(panel)
    return built.build()


def _metrics_query(query: Query, number: int) -> prometheus.Dataquery:
    return (
        prometheus.Dataquery()
        .expr(query.expression)
        .legend_format(query.legend)
        .exemplar(query.exemplars)
        .datasource(METRICS)
        .ref_id(chr(ord("A") + number))
    )
