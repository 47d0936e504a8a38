"""How many requests a process answers at once; one more is refused at once, never queued."""

from collections.abc import Iterator
from contextlib import contextmanager

from service_kit import metrics

from api_gateway.adapters.http.errors import Overloaded


class Admission:
    """A bounded number of places."""

    def __init__(self, places: int, scope: str = "http") -> None:
        self._free = places
        self._scope = scope
        metrics.from_zero(metrics.SHED, [scope])

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold one place while the block runs. Raises Overloaded where none is free."""
        if self._free == 0:
            metrics.SHED.labels(self._scope).inc()
            raise Overloaded(retry_after=1)
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1
