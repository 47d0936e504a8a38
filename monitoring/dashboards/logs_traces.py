"""Logs and traces: from a number to the lines and spans behind it, and back."""

from typing import Final

from grafana_foundation_sdk.builders.dashboard import CustomVariable, TextBoxVariable
from grafana_foundation_sdk.models.dashboard import Dashboard, VariableModel

from dashboards.panels import Query, Section, board, graph, lines, traces
from dashboards.promql import per_second
from dashboards.service import SERVICES

APPS: Final = ["api-gateway", *SERVICES]
LINES: Final = '{app=~"$app"}'


def logs_and_traces() -> Dashboard:
    """Narrowed by service, and by any text: a request id, a trace id, a user id."""
    sections = [_numbers(), _traces(), _logs()]
    built = board("logs-traces", "Logs and traces", "What happened, exactly.", sections, "logs")
    if built.templating is None:
        raise LookupError("a dashboard without room for variables")
    built.templating.list_val = _variables()
    return built


def _variables() -> list[VariableModel]:
    app = CustomVariable("app").label("service").values(",".join(APPS)).multi(True)
    text = TextBoxVariable("text").label("contains").default_value("")
    return [app.include_all(True).all_value(".+").build(), text.build()]


def _numbers() -> Section:
    slow = per_second("pinstack_http_requests_total", "route", 'status=~"5.."')
    return Section(
        "Where to look",
        [
            graph(
                "Answers with 5xx",
                Query(
                    f"{slow} or 0 * {per_second('pinstack_http_requests_total', 'route')}",
                    "{{route}}",
                ),
                unit="reqps",
                width=12,
            ),
            graph(
                "Requests that took longer than a second",
                Query(
                    f"{per_second('pinstack_http_request_duration_seconds_count', 'route')}"
                    " - ignoring(le) "
                    + per_second(
                        "pinstack_http_request_duration_seconds_bucket", "route", 'le="1.0"'
                    ),
                    "{{route}}",
                ),
                unit="reqps",
                width=12,
            ),
        ],
    )


def _traces() -> Section:
    return Section(
        "Traces",
        [
            traces("With errors", '{ resource.service.name =~ "$app" && status = error }'),
            traces("Slower than a second", '{ resource.service.name =~ "$app" && duration > 1s }'),
        ],
    )


def _logs() -> Section:
    return Section(
        "Logs",
        [
            lines(
                "Errors and warnings",
                f'{LINES} | json | level =~ "error|critical|warning" |= `$text`',
            ),
            lines("Everything", f"{LINES} |= `$text`"),
        ],
    )
