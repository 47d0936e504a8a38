"""Prometheus, as its API answers."""

import math
import time
from typing import Any, Final

import httpx

STEP_SECONDS: Final = 5


class Prometheus:
    """A client of one that runs."""

    def __init__(self, url: str) -> None:
        self._http = httpx.AsyncClient(base_url=f"{url}/api/v1", timeout=20)
        self._began = time.time()

    async def close(self) -> None:
        """Let go of the connection."""
        await self._http.aclose()

    async def has_data(self, expression: str) -> bool:
        """Whether a query has at least one number to show since this client was made."""
        found = await self._ask(
            "/query_range", query=expression, start=self._began, end=time.time(), step=STEP_SECONDS
        )
        return any(
            not math.isnan(float(value))
            for series in found["result"]
            for _, value in series["values"]
        )

    async def value(self, expression: str) -> float:
        """The only number that a query gives now; 0 for none."""
        found = (await self._ask("/query", query=expression))["result"]
        return float(found[0]["value"][1]) if found else 0.0

    async def exemplars(self, metric: str) -> set[str]:
        """The traces that the exemplars of a metric lead to."""
        found = await self._ask(
            "/query_exemplars", query=metric, start=self._began, end=time.time()
        )
        return {one["labels"]["trace_id"] for series in found for one in series["exemplars"]}

    async def _ask(self, path: str, **query: Any) -> Any:
        answer = await self._http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]
