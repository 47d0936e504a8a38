"""How many requests a process answers at once; one more is refused at once, never queued."""

from collections.abc import Iterator
from contextlib import contextmanager

from service_kit import metrics

from api_gateway.adapters.http.errors import Overloaded


class Admission:
    """A bounded number of places."""

    def __init__(self, places: int) -> None:
        self._free = places
        metrics.from_zero(metrics.SHED, ["http"])

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold one place while the block runs. Raises Overloaded where none is free."""
        if self._free == 0:
            metrics.SHED.labels("http").inc()
            raise Overloaded(retry_after=1)
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1
