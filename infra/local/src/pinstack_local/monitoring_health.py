"""Whether the parts of monitoring answer, and know what they should."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

State = Literal["ok", "faulty", "absent"]
SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Part:
    """One server: the variables that say where it is, its usual port, what it says when ready.

    A part that is `required` and does not answer is a fault; another one need not run, unless
    somebody has said where it is.
    """

    name: str
    port: int
    path: str
    required: bool = False

    def url(self, environment: Mapping[str, str]) -> str:
        """`NAME_URL`, or this machine with `NAME_PORT`, or with the usual port."""
        port = environment.get(f"{self.name.upper()}_PORT") or self.port
        told = environment.get(f"{self.name.upper()}_URL")
        return (told or f"http://127.0.0.1:{port}").rstrip("/")

    def is_wanted(self, environment: Mapping[str, str]) -> bool:
        """Whether it must answer."""
        return self.required or bool(environment.get(f"{self.name.upper()}_URL"))


PARTS = (
    Part("prometheus", 9090, "/-/ready", required=True),
    Part("alertmanager", 9093, "/-/ready", required=True),
    Part("grafana", 3000, "/api/health"),
    Part("loki", 3100, "/ready"),
    Part("tempo", 3200, "/ready"),
    Part("elasticsearch", 9200, "/_cluster/health"),
    Part("kibana", 5601, "/api/status"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out about one thing."""

    about: str
    state: State
    text: str


def findings(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Ask every part, in the order of `PARTS`."""
    for part in PARTS:
        url = part.url(environment)
        refusal = _refusal(url + part.path)
        if refusal is None:
            yield Finding(part.name, "ok", f"ready at {url}")
            if part.name == "prometheus":
                yield from _knowledge(url)
        elif part.is_wanted(environment):
            yield Finding(part.name, "faulty", f"{url}{part.path}: {refusal}")
        else:
            yield Finding(part.name, "absent", f"does not run at {url}")


def _knowledge(url: str) -> Iterator[Finding]:
    """What a Prometheus that is ready knows."""
    checks: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
        ("targets", "/api/v1/targets?state=active", _targets),
        ("rules", "/api/v1/rules", _rules),
        ("alertmanagers", "/api/v1/alertmanagers", _alertmanagers),
    )
    for about, path, fault_in in checks:
        try:
            data = json.loads(_get(url + path))["data"]
            fault = fault_in(data)
        except (OSError, ValueError, KeyError) as error:
            fault = f"{path}: {error!r}"
        text = fault or "as they should be"
        yield Finding(f"prometheus {about}", "faulty" if fault else "ok", text)


def _targets(data: Any) -> str:
    targets = data["activeTargets"]
    down = [
        f"{one['labels'].get('app', one['labels']['job'])} {one['scrapeUrl']} is {one['health']}"
        for one in targets
        if one["health"] != "up"
    ]
    return "; ".join(down) if targets else "no target is configured"


def _rules(data: Any) -> str:
    rules = [rule for group in data["groups"] for rule in group["rules"]]
    bad = [f"{one['name']}: {one.get('lastError')}" for one in rules if one["health"] == "err"]
    return "; ".join(bad) if rules else "no rule is loaded"


def _alertmanagers(data: Any) -> str:
    return "" if data["activeAlertmanagers"] else "no Alertmanager is known"


def _refusal(url: str) -> str | None:
    try:
        _get(url)
    except (OSError, ValueError) as error:
        return str(error)
    return None


def _get(url: str) -> bytes:
    """The body of a success. Raises OSError; ValueError for what is no HTTP address."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise ValueError(f"{url} is no HTTP address")
    try:
        with urllib.request.urlopen(url, timeout=SECONDS) as answer:  # noqa: S310 - checked above
            body: bytes = answer.read()
            return body
    except urllib.error.HTTPError as error:
        with error:
            raise OSError(f"{error.code} {error.reason}") from None
