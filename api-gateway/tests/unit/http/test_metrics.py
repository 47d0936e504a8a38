"""What the edge measures, and that nobody outside decides how many series there are."""

import asyncio
import random
import string
from collections.abc import Iterator
from typing import Any, Final

import pytest
from prometheus_client import REGISTRY

from tests.unit.http.client import EdgeOfTest
from tests.unit.http.things import things

REQUESTS: Final = 10_000
AT_ONCE: Final = 50
FEW: Final = 200
"""Methods × templates × statuses × buckets of the handful of operations here."""
METHODS: Final = ("GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "TRACE", "BREW")


def series() -> set[tuple[str, ...]]:
    """Every series of the platform's own metrics, buckets aside."""
    return {
        (sample.name, *(f"{name}={value}" for name, value in sorted(sample.labels.items())))
        for metric in REGISTRY.collect()
        if metric.name.startswith("pinstack_")
        for sample in metric.samples
        if "le" not in sample.labels
    }


def word(dice: random.Random) -> str:
    """Anything that may stand in a path."""
    return "".join(dice.choices(string.ascii_letters + string.digits + "-_.~", k=12))


def scopes(dice: random.Random, tokens: list[bytes]) -> Iterator[dict[str, Any]]:
    """Requests as nobody's client makes them: ASGI scopes."""
    for _ in range(REQUESTS):
        method = dice.choice([*METHODS, word(dice).upper()])
        path = dice.choice(
            [
                f"/api/v1/things/{dice.randrange(10**9)}",
                f"/api/v1/things/{word(dice)}",
                f"/{word(dice)}/{word(dice)}",
                "/api/v1/things",
            ]
        )
        headers = [(b"x-request-id", word(dice).encode()), (b"user-agent", word(dice).encode())]
        headers.append((b"authorization", dice.choice([*tokens, b"Bearer " + word(dice).encode()])))
        yield {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": f"{word(dice)}={word(dice)}".encode(),
            "headers": headers,
            "client": (f"198.51.100.{dice.randrange(256)}", 40000),
            "server": ("gateway", 80),
            "scheme": "http",
        }


KNOWN = ("OPTIONS", "PATCH", "WEBSOCKET", "other")


@pytest.mark.timeout(120)
async def test_ten_thousand_strange_requests_leave_a_bounded_number_of_series() -> None:
    edge, dice = EdgeOfTest(places=1000), random.Random(7)  # noqa: S311 - the same each time
    app = edge.app(things())
    tokens = [value.encode() for user in (1, 2) for value in edge.tokens.fields(user).values()]
    before, statuses = series(), []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    pending = list(scopes(dice, tokens))
    while pending:
        some, pending = pending[:AT_ONCE], pending[AT_ONCE:]
        await asyncio.gather(*(app(scope, receive, send) for scope in some))

    assert len(statuses) == REQUESTS
    assert {200, 401, 404, 405} <= set(statuses)
    assert len(series() - before) < FEW
    http = [one for one in series() if one[0].startswith("pinstack_http")]
    methods = {part for one in http for part in one if part.startswith("method=")}
    assert methods <= {f"method={name}" for name in (*METHODS[:5], *KNOWN)}
