"""How many calls of a method ended how, and after how long."""

import grpc
from prometheus_client import Counter, Histogram


class Measures:
    """The metrics of one method; each status code is looked up among the labels once."""

    def __init__(self, requests: Counter, duration: Histogram, service: str, method: str) -> None:
        self.name = f"{service}/{method}"
        self._labels = (service, method)
        self._requests = requests
        self._duration = duration
        self._known: dict[grpc.StatusCode, tuple[Counter, Histogram]] = {}

    def add(self, code: grpc.StatusCode, seconds: float, exemplar: dict[str, str] | None) -> None:
        """Count a call that ended with `code` after `seconds`."""
        known = self._known.get(code)
        if known is None:
            labels = (*self._labels, code.name)
            known = self._requests.labels(*labels), self._duration.labels(*labels)
            self._known[code] = known
        requests, duration = known
        requests.inc()
        duration.observe(seconds, exemplar)
