"""The shapes of query that recur."""

from typing import Final

from dashboards.panels import Query

WINDOW: Final = "$__rate_interval"


def per_second(metric: str, by: str = "", where: str = "") -> str:
    """How often, a second."""
    return f"sum{_by(by)} (rate({metric}{_where(where)}[{WINDOW}]))"


def share(metric: str, part: str, where: str = "", by: str = "") -> str:
    """How much of the whole (0 to 1) has the labels `part`; 0 where there is none of it."""
    both = f"{where}, {part}" if where else part
    whole = per_second(metric, by, where)
    return f"({per_second(metric, by, both)} or 0 * {whole}) / {whole}"


def quantile(
    which: float, histogram: str, by: str = "", where: str = "", legend: str = ""
) -> Query:
    """A quantile of a histogram (its name without suffix), with exemplars."""
    labels = f"le, {by}" if by else "le"
    buckets = f"{histogram}_bucket{_where(where)}"
    expression = f"histogram_quantile({which}, sum by ({labels}) (rate({buckets}[{WINDOW}])))"
    return Query(expression, legend or f"p{which * 100:g}", exemplars=True)


def _by(labels: str) -> str:
    return f" by ({labels})" if labels else ""


def _where(matchers: str) -> str:
    return f"{{{matchers}}}" if matchers else ""
